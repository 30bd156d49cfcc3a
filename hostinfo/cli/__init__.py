"""The command line: one module a command, imported when it is the one asked for.

A command's module has ``DESCRIPTION``, ``EXAMPLES`` (pairs: command line, what it does), ``add_arguments(parser)`` and
``run(options) -> exit status``. To add one: its file in this folder, and its line in ``COMMANDS``.
"""

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: tuple[tuple[str, str, str], ...] = (
    # name, one line of help, module in this folder
    ("dump", "tell what this machine is, all of it or single facts", "dump"),
    ("record", "record this machine in a folder, for tests elsewhere", "record"),
    ("diff", "say what differs between two machines, recordings or dumps", "diff"),
    ("support", "show which driver tells what on this machine", "support"),
    ("doctor", "check what hostinfo can use here, and say how to get the rest", "doctor"),
    ("schema", "print the JSON Schema of the dump", "schema"),
    ("completion", "print a completion script for bash, zsh or fish", "completion"),
    ("man", "print the manual pages", "man"),
)

TOLD, NOTHING, USAGE, PARTIAL = 0, 1, 2, 3
"""Exit statuses: all told; nothing could be told; wrong usage; some of it could not be told, the rest was."""
INTERRUPTED, PIPE_CLOSED = 130, 141
"""As the shell shows the deaths by SIGINT and SIGPIPE."""


class _LazyInspect(ModuleType):
    """Stands in for ``inspect`` until somebody needs it.

    dataclasses imports inspect, which with ast and dis costs as much as the start of Python itself, and uses it for
    classes without docstring only: ours have theirs. Python 3.12 and 3.13 ask it for a class's annotations as well.
    """

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get("inspect") is self:
            del sys.modules["inspect"]
        import inspect

        self.__dict__.update(vars(inspect))
        return getattr(inspect, name)

    def get_annotations(self, obj: object, **how: bool) -> dict[str, object]:
        if isinstance(obj, type) and not how:
            return dict(obj.__dict__.get("__annotations__", {}))  # noqa: RUF063 - this is that function
        found: dict[str, object] = self.__getattr__("get_annotations")(obj, **how)  # type: ignore[operator]
        return found


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the command that these arguments (None: the program's) name; returns the exit status."""
    # Python 3.14 and newer import what they need of inspect lazily, or touch it for every class with slots.
    if "inspect" not in sys.modules and sys.version_info < (3, 14):
        sys.modules["inspect"] = _LazyInspect("inspect")
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return PIPE_CLOSED
    except _OutputError as error:
        _discard_output()
        complain(f"standard output: {error}")
        return NOTHING


def _run(arguments: list[str]) -> int:
    # A short run ends before its garbage matters; commands that live long have no IS_SHORT.
    import gc

    gc.disable()
    try:
        from hostinfo.cli.parser import parse

        module, options = parse(arguments)
        if not getattr(module, "IS_SHORT", False):
            gc.enable()
        status: int = module.run(options)
        write("")
        return status
    except SystemExit as error:  # argparse's, after --help, --version or a complaint
        write("")
        return error.code if isinstance(error.code, int) else USAGE
    finally:
        gc.enable()


class _OutputError(Exception):
    """Standard output took no more."""


def write(text: str) -> None:
    """Write to standard output, and see that it went."""
    if sys.stdout is None:
        raise _OutputError("closed")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        write(text.encode(encoding, "backslashreplace").decode(encoding))
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:  # ValueError: the stream was closed
        raise _OutputError(getattr(error, "strerror", None) or str(error)) from error


def complain(message: str) -> None:
    """Say on standard error what went wrong; where there is none, nobody listens."""
    if sys.stderr is not None:
        try:
            sys.stderr.write(f"hostinfo: {message}\n")
            sys.stderr.flush()
        except OSError:
            pass


def _discard_output() -> None:
    """What is still buffered goes nowhere, instead of into a traceback when Python ends."""
    import os

    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, 1)
        os.close(descriptor)
    except OSError:
        pass


def terminal_width() -> int:
    """Columns of the terminal on standard output, COLUMNS before it; 100 where there is none."""
    import os

    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns[:5]) >= 20:
        return int(columns[:5])
    try:
        return max(os.get_terminal_size(1).columns, 20)
    except OSError:
        return 100
