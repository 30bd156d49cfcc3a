"""The command line. ``commands.py`` has the table of commands, ``streams.py`` their output and exit codes."""

from __future__ import annotations

import sys

from hostinfo.cli.commands import LONG_RUNNING, MODULES, command_module
from hostinfo.cli.streams import (
    EXIT_INTERRUPTED,
    EXIT_NO_DATA,
    EXIT_PIPE_CLOSED,
    EXIT_USAGE,
    OutputError,
    discard_output,
    print_error,
    write_output,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import Any, NoReturn


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
        discard_output()
        return EXIT_PIPE_CLOSED
    except OutputError as error:
        discard_output()
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
    if len(arguments) <= at or (at and arguments[1].startswith("-")) or arguments[at] not in MODULES:
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
