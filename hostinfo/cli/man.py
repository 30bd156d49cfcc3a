"""``hostinfo man``: manual pages in roff, man(7), generated from the parsers."""

from __future__ import annotations

import argparse
import os

from hostinfo import __version__
from hostinfo.cli.commands import COMMANDS, command_module
from hostinfo.cli.streams import EXIT_NO_DATA, EXIT_OK, print_error, write_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostinfo.cli.parser import Parser

SUMMARY = "report the hardware of a virtualisation host"
DESCRIPTION = """\
Prints the manual page of hostinfo or of one command, or writes all pages to a folder.
They are generated from the same definitions as --help.
"""
EXAMPLES = (
    ("hostinfo man | man -l -", "show the manual page of hostinfo"),
    ("hostinfo man dump | man -l -", "that of a command"),
    ("hostinfo man --directory /usr/local/share/man/man1", "install all pages"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "page", metavar="COMMAND", nargs="?", choices=[name for name, _, _ in COMMANDS], help="page of this command"
    )
    where.add_argument("--directory", metavar="DIR", help="folder to write hostinfo.1, hostinfo-dump.1, … to")


def run(options: argparse.Namespace) -> int:
    """Print one page, or write all of them."""
    from hostinfo.cli.parser import build

    parser = build()
    if options.directory is None:
        write_output(render(parser, options.page))
        return EXIT_OK
    try:
        for name in (None, *(name for name, _, _ in COMMANDS)):
            file = "hostinfo.1" if name is None else f"hostinfo-{name}.1"
            with open(os.path.join(options.directory, file), "w", encoding="utf-8") as out:
                out.write(render(parser, name))
    except OSError as error:
        print_error(f"man: {error.filename or options.directory}: {error.strerror}")
        return EXIT_NO_DATA
    return EXIT_OK


def render(whole: Parser, command: str | None) -> str:
    """Return the manual page of the program, or of one of its commands."""
    from hostinfo.cli import parser as parsers

    title = "hostinfo" if command is None else f"hostinfo-{command}"
    summary = next(
        (text for name, text, _ in COMMANDS if name == command), "report the hardware of a virtualisation host"
    )
    parser = whole if command is None else subparsers(whole)[command]
    examples = parsers.EXAMPLES if command is None else command_module(command).EXAMPLES
    lines = [
        f'.TH "{title.upper()}" "1" "" "hostinfo {__version__}" "User Commands"',
        ".SH NAME",
        f"{_escaped(title)} \\- {_escaped(summary)}",
        ".SH SYNOPSIS",
        ".nf",
        *(_line(line) for line in parser.format_usage().removeprefix("usage: ").splitlines()),
        ".fi",
        ".SH DESCRIPTION",
        *_paragraphs(parser.description or ""),
        ".SH OPTIONS",
        *_options(parser),
    ]
    if command is None:
        lines.append(".SH COMMANDS")
        for name, text, _ in COMMANDS:
            lines += [".TP", f".BR hostinfo\\-{_escaped(name)} (1)", _line(text)]
    lines.append(".SH EXIT STATUS")
    for code, meaning in parsers.EXIT_STATUS:
        lines += [".TP", f".B {code}", _line(meaning)]
    lines.append(".SH EXAMPLES")
    for example, what in examples:
        lines += [".TP", f".B {_escaped(example)}", _line(what)]
    see = ["hostinfo"] if command else [f"hostinfo-{name}" for name, _, _ in COMMANDS]
    lines += [".SH SEE ALSO", *(f".BR {_escaped(name)} (1)" for name in see)]
    return "\n".join(lines) + "\n"


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            return dict(action.choices)
    return {}


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction) or action.help is argparse.SUPPRESS:  # noqa: SLF001
            continue
        value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
        names = [f"\\fB{_escaped(name)}\\fR" for name in action.option_strings]
        yield ".TP"
        if names:
            yield ", ".join(names) + (f" \\fI{_escaped(str(value))}\\fR" if action.nargs != 0 else "")
        else:
            yield f"\\fI{_escaped(str(value))}\\fR"
        yield _line(action.help or "")


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a description; indented ones, which are tables, are not filled."""
    is_filled = True
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield ".PP"
        for line in paragraph.splitlines():
            if is_filled == line.startswith("  "):
                is_filled = not is_filled
                yield ".fi" if is_filled else ".nf"
            yield _line(line.strip() if is_filled else line)
        if not is_filled:
            is_filled = True
            yield ".fi"


def _line(text: str) -> str:
    """Return a line of text, escaped: a dot or quote at its start would be a request."""
    escaped = _escaped(text)
    return "\\&" + escaped if escaped[:1] in (".", "'") else escaped


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace('"', "\\(dq").replace("`", "\\(ga")
    return text.replace("'", "\\(aq")
