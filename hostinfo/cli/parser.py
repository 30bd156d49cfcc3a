"""Argument parsers: of one command to run it, of all commands for help, completion and the manual."""

from __future__ import annotations

import argparse
import sys
from types import ModuleType

from hostinfo.cli.commands import COMMANDS, command_module
from hostinfo.cli.streams import write_output
from hostinfo.cli.terminal import terminal_width
from hostinfo.suggestions import did_you_mean, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from _typeshed import SupportsWrite

DESCRIPTION = (
    "Reports the hardware of a Linux host and the share assigned to this system, with the source of every fact."
)
EXAMPLES = (
    ("hostinfo dump", "all facts of this host"),
    ("hostinfo dump cpu.model_name", "one fact"),
    ("hostinfo dump --json | jq .memory.total_bytes", "for programs"),
    ("hostinfo -c xen:///system dump", "facts from libvirt's Xen driver"),
    ("hostinfo -c recorded:DIR dump", "a host recorded by `hostinfo record DIR`"),
    ("hostinfo COMMAND --help", "options and examples of a command"),
)
EXIT_STATUS = (
    (0, "everything requested was reported"),
    (1, "nothing was reported; diff: there are differences"),
    (2, "wrong usage"),
    (3, "partial: something is missing because a source failed"),
)
URI_HELP = (
    "the host: xen:///system, qemu:///system, xen+ssh://HOST/system (libvirt), sysfs:///DIR (a kernel's files below "
    "DIR), recorded:DIR (default: this host, by the best drivers)"
)


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Finds the width without shutil: argparse makes a formatter for every argument."""

    def __init__(self, prog: str, width: int | None = None, **how: Any) -> None:
        super().__init__(prog, width=width or min(terminal_width() - 2, 110), **how)


class Parser(argparse.ArgumentParser):
    """An argument parser that prints with write_output, which reports errors.

    Arguments that it does not know are refused with the usage of the command that they were given to, and with similar
    names. ``scattered`` names a positional argument that may have options between its values.
    """

    scattered: str | None = None

    def parse_known_args(self, *args: Any, **keywords: Any) -> tuple[Any, list[str]]:
        """Parse the arguments; those of a nested command are parsed, and refused, by its own parser."""
        parsed, unknown = super().parse_known_args(*args, **keywords)
        if self.scattered is not None:
            getattr(parsed, self.scattered).extend(word for word in unknown if not word.startswith("-"))
            unknown = [word for word in unknown if word.startswith("-")]
        if unknown:
            options = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
            near = did_you_mean(unknown[0], options) if unknown[0].startswith("-") else ""
            self.error(f"unrecognized arguments: {' '.join(map(printable, unknown))}{near}")
        return parsed, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(
                action, f"no such choice: {printable(value)}{did_you_mean(value, action.choices)}"
            )

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        if message and file is not sys.stderr:
            write_output(message)
        elif message and sys.stderr is not None:
            super()._print_message(message, file)


def parse(arguments: Sequence[str]) -> tuple[ModuleType, argparse.Namespace]:
    """Return the module of the command that the arguments name, and its options; SystemExit as argparse raises it."""
    named = _command(arguments)
    parser = build([named] if named else None)
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help(sys.stderr)
        raise SystemExit(2)
    return command_module(options.command), options


def build(names: Sequence[str] | None = None) -> Parser:
    """Return the parser with these commands (None: all)."""
    parser = Parser(
        prog="hostinfo",
        description=DESCRIPTION,
        epilog=epilog(EXAMPLES, with_status=True),
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("-c", "--connect", metavar="URI", default=None, help=URI_HELP)
    parser.add_argument(
        "--version", action=_Version, dest=argparse.SUPPRESS, nargs=0, help="print the version and exit"
    )
    # Without prog, argparse would format the usage, and import shutil, to find the program's name.
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", prog="hostinfo")
    for name, summary, _ in COMMANDS:
        if names is None or name in names:
            command = command_module(name)
            sub = commands.add_parser(
                name,
                help=summary,
                description=command.DESCRIPTION,
                epilog=epilog(command.EXAMPLES),
                formatter_class=_HelpFormatter,
                allow_abbrev=False,
            )
            sub.add_argument("-c", "--connect", metavar="URI", default=argparse.SUPPRESS, help=URI_HELP)
            command.add_arguments(sub)
    return parser


def epilog(examples: Sequence[tuple[str, str]], *, with_status: bool = False) -> str:
    """Return the end of a help text: examples, and with_status the exit statuses."""
    width = max(len(command) for command, _ in examples)
    lines = ["examples:", *(f"  {command:{width}}  {what}" for command, what in examples)]
    if with_status:
        lines += ["", "exit status:", *(f"  {code}  {meaning}" for code, meaning in EXIT_STATUS)]
    return "\n".join(lines)


def _command(arguments: Sequence[str]) -> str | None:
    """Return the command that the arguments name, so that only its parser needs to be built."""
    known = {name for name, _, _ in COMMANDS}
    is_value = False
    for argument in arguments:
        if is_value:
            is_value = False
        elif argument in ("-c", "--connect"):
            is_value = True
        elif not argument.startswith("-"):
            return argument if argument in known else None
        elif argument in ("-h", "--help"):
            return None
    return None


class _Version(argparse.Action):
    def __call__(self, *_: object, **__: object) -> None:
        from hostinfo import __version__

        write_output(f"hostinfo {__version__}\n")
        raise SystemExit(0)
