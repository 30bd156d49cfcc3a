"""The command line: one module per command, imported when that command runs.

The module of a command has ``DESCRIPTION``, ``EXAMPLES`` (pairs of a command line and what it does),
``add_arguments(parser)`` and ``run(options) -> exit status``. To add a command, add its file to this folder and its
line to ``COMMANDS``.
"""

from __future__ import annotations

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
"""Everything was reported; nothing was; wrong usage; a source failed and the rest was reported."""
EXIT_INTERRUPTED, EXIT_PIPE_CLOSED = 130, 141
"""As a shell reports termination by SIGINT and SIGPIPE."""


def entry_point() -> NoReturn:
    """Run the program ``hostinfo`` and exit.

    A short command exits with ``os._exit`` after its output was flushed: no handler of ``atexit`` is needed, and the
    interpreter need not free every object. Measured: ``hostinfo dump cpu.model_name`` takes 15 instead of 17 ms of CPU
    time, a whole dump 31 instead of 35. (Medians of 25 runs in turn, Python 3.11, virtual machine with 2 CPUs of an AMD
    EPYC; 16 instead of 19 and 35 instead of 40 ms on Python 3.14.)
    """
    status = main()
    if LONG_RUNNING.isdisjoint(sys.argv[1:4]):
        import os

        os._exit(status)
    sys.exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments (None: those of the program) name; return the exit status."""
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
    try:
        module, options = _parse_fast(arguments) or _parse_with_argparse(arguments)
        status: int = module.run(options)
        write_output("")
        return status
    except SystemExit as error:  # from argparse, after --help, --version or an error
        write_output("")
        return error.code if isinstance(error.code, int) else EXIT_USAGE


def _parse_fast(arguments: list[str]) -> tuple[ModuleType, Any] | None:
    """Return the module of the command and the options of a simple command line; None: argparse must parse it."""
    from hostinfo.cli.fast_parser import FastParser

    at = 2 if arguments[:1] in (["-c"], ["--connect"]) else 0
    if len(arguments) <= at or (at and arguments[1].startswith("-")) or arguments[at] not in _MODULES:
        return None
    module = command_module(arguments[at])
    parser = FastParser()
    parser.add_argument("-c", "--connect", default=arguments[1] if at else None)
    module.add_arguments(parser)
    options = parser.parse(arguments[at + 1 :])
    return None if options is None else (module, options)


def _parse_with_argparse(arguments: list[str]) -> tuple[ModuleType, Any]:
    from hostinfo.cli.parser import parse

    return parse(arguments)


def command_module(name: str) -> ModuleType:
    """Return the module of a command; it is imported on the first call."""
    __import__(_MODULES[name])
    return sys.modules[_MODULES[name]]


_MODULES = {name: f"{__name__}.{file}" for name, _, file in COMMANDS}


class _OutputError(Exception):
    """Standard output cannot be written."""


def write_output(text: str) -> None:
    """Write to standard output and flush it; a failure ends the command with a message."""
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
    """Print a message on standard error, if there is one."""
    if sys.stderr is not None:
        try:
            sys.stderr.write(f"hostinfo: {message}\n")
            sys.stderr.flush()
        except OSError:
            pass


def _discard_output() -> None:
    """Redirect standard output to /dev/null: flushing the rest when Python exits would fail with a traceback."""
    import os

    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, 1)
        os.close(descriptor)
    except OSError:
        pass
