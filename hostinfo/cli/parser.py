"""Arguments of the commands: the parser of one command to run it, of all of them for help, completion and manual."""

import argparse
import sys
from types import ModuleType

from hostinfo.cli import COMMANDS, command_module, write_output
from hostinfo.cli.terminal import terminal_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from _typeshed import SupportsWrite

DESCRIPTION = "Tells what a Linux machine is, and what this system was given of it, with the source of every fact."
EXAMPLES = (
    ("hostinfo dump", "this machine, on a page"),
    ("hostinfo dump cpu.model_name", "one fact"),
    ("hostinfo dump --json | jq .memory.total_bytes", "for programs"),
    ("hostinfo -c xen:///system dump", "as libvirt's Xen driver tells it"),
    ("hostinfo -c recorded:DIR dump", "a machine that `hostinfo record DIR` recorded"),
    ("hostinfo COMMAND --help", "options and examples of a command"),
)
EXIT_STATUS = (
    (0, "all that was asked for was told"),
    (1, "nothing could be told; of diff: they differ"),
    (2, "wrong usage"),
    (3, "something could not be told because a source failed; the rest was"),
)
URI_HELP = (
    "the host: xen:///system, qemu:///system, xen+ssh://HOST/system (libvirt), sysfs:///DIR (the kernel's files under "
    "DIR), recorded:DIR; without it this machine, by the best drivers"
)


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """As its parent, but finds the width without shutil: argparse makes a formatter for every argument."""

    def __init__(self, prog: str, width: int | None = None, **how: "Any") -> None:
        super().__init__(prog, width=width or min(terminal_width() - 2, 110), **how)


class Parser(argparse.ArgumentParser):
    """An argument parser whose own output goes the way of all output."""

    def _print_message(self, message: str, file: "SupportsWrite[str] | None" = None) -> None:
        if message and file is not sys.stderr:
            write_output(message)
        elif message and sys.stderr is not None:
            super()._print_message(message, file)


def parse(arguments: "Sequence[str]") -> tuple[ModuleType, argparse.Namespace]:
    """The module of the command that the arguments name, and its options; SystemExit as argparse raises it."""
    named = _command(arguments)
    parser = build([named] if named else None)
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help(sys.stderr)
        raise SystemExit(2)
    return command_module(options.command), options


def build(names: "Sequence[str] | None" = None) -> Parser:
    """The parser with these commands (None: all)."""
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
    # The program's name is given: argparse would format the usage, and import shutil, to find it.
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


def epilog(examples: "Sequence[tuple[str, str]]", *, with_status: bool = False) -> str:
    """Examples, and where asked for the exit statuses, as the end of a help text."""
    width = max(len(command) for command, _ in examples)
    lines = ["examples:", *(f"  {command:{width}}  {what}" for command, what in examples)]
    if with_status:
        lines += ["", "exit status:", *(f"  {code}  {meaning}" for code, meaning in EXIT_STATUS)]
    return "\n".join(lines)


def _command(arguments: "Sequence[str]") -> str | None:
    """The command that is named, found without a parser: only its own is built then."""
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
