"""The command line: one module a command, imported when it is the one asked for.

A command's module has ``DESCRIPTION``, ``EXAMPLES`` (pairs: command line, what it does), ``add_arguments(parser)`` and
``run(options) -> exit status``. To add one: its file in this folder, and its line in ``COMMANDS``.
"""

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

COMMANDS: tuple[tuple[str, str, str], ...] = (
    # name, one line of help, module in this folder
    ("dump", "show host facts: all of them, or selected ones", "dump"),
    ("record", "record this host in a folder, to read its facts elsewhere", "record"),
    ("diff", "compare two hosts, recordings or dumps", "diff"),
    ("watch", "report changes as they happen", "watch"),
    ("agent", "publish the facts of this host over AMQP (QMF v2)", "agent"),
    ("support", "show which driver provides which facts on this host", "support"),
    ("doctor", "check what hostinfo can use here, and how to get the rest", "doctor"),
    ("schema", "print the JSON Schema of the dump", "schema"),
    ("console", "query the agents of many nodes over AMQP", "console"),
    ("completion", "print a completion script for bash, zsh or fish", "completion"),
    ("man", "print the manual pages", "man"),
)

LONG_RUNNING = frozenset({"agent", "console", "watch"})
"""Commands that run until they are stopped."""

EXIT_OK, EXIT_NO_DATA, EXIT_USAGE, EXIT_PARTIAL = 0, 1, 2, 3
"""Exit statuses: all told; nothing could be told; wrong usage; some of it could not be told, the rest was."""
EXIT_INTERRUPTED, EXIT_PIPE_CLOSED = 130, 141
"""As the shell shows the deaths by SIGINT and SIGPIPE."""


def entry_point() -> "NoReturn":
    """The whole life of the program `hostinfo`."""
    status = main()
    if LONG_RUNNING.isdisjoint(sys.argv[1:4]):
        # All is written. Taking the interpreter down, object by object, takes longer than reading a fact.
        import os

        os._exit(status)
    sys.exit(status)


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the command that these arguments (None: the program's) name; returns the exit status."""
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return EXIT_PIPE_CLOSED
    except _OutputError as error:
        _discard_output()
        print_error(f"standard output: {error}")
        return EXIT_NO_DATA


def _run(arguments: list[str]) -> int:
    # A short run ends before its garbage matters; commands that live long have no IS_SHORT.
    import gc

    gc.disable()
    try:
        module, options = _quick(arguments) or _thorough(arguments)
        if not getattr(module, "DISABLE_GC", False):
            gc.enable()
        status: int = module.run(options)
        write_output("")
        return status
    except SystemExit as error:  # argparse's, after --help, --version or a complaint
        write_output("")
        return error.code if isinstance(error.code, int) else EXIT_USAGE
    finally:
        gc.enable()


def _quick(arguments: list[str]) -> "tuple[ModuleType, Any] | None":
    """The command's module and the options of a plain command line; None: let argparse see it."""
    from hostinfo.cli.quick import QuickParser

    at = 2 if arguments[:1] in (["-c"], ["--connect"]) else 0
    if len(arguments) <= at or (at and arguments[1].startswith("-")) or arguments[at] not in _MODULES:
        return None
    module = command_module(arguments[at])
    parser = QuickParser()
    parser.add_argument("-c", "--connect", default=arguments[1] if at else None)
    module.add_arguments(parser)
    options = parser.parse(arguments[at + 1 :])
    return None if options is None else (module, options)


def _thorough(arguments: list[str]) -> "tuple[ModuleType, Any]":
    from hostinfo.cli.parser import parse

    return parse(arguments)


def command_module(name: str) -> ModuleType:
    """The module of a command."""
    __import__(_MODULES[name])
    return sys.modules[_MODULES[name]]


_MODULES = {name: f"{__name__}.{file}" for name, _, file in COMMANDS}


class _OutputError(Exception):
    """Standard output took no more."""


def write_output(text: str) -> None:
    """Write to standard output, and see that it went."""
    if sys.stdout is None:
        raise _OutputError("closed")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        write_output(text.encode(encoding, "backslashreplace").decode(encoding))
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:  # ValueError: the stream was closed
        raise _OutputError(getattr(error, "strerror", None) or str(error)) from error


def print_error(message: str) -> None:
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
