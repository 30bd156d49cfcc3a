"""``hostinfo diff``: what differs between two hosts, recordings or dumps."""

from __future__ import annotations

import os

import hostinfo
from hostinfo.cli.streams import EXIT_PARTIAL, EXIT_USAGE, print_error, write_output
from hostinfo.errors import HostInfoError, ParseError
from hostinfo.output.document import FORMAT, read_document
from hostinfo.output.escape import escape_unprintable
from hostinfo.output.json import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from hostinfo.output.diff import Difference

EXIT_SAME, EXIT_DIFFERENT = 0, 1
MAX_BYTES = 256 * 1024 * 1024
"""Maximum size of a dump file."""
_STANDARD_INPUT = 0
DESCRIPTION = """\
Compares two hosts, or two points in time of one host: one line per path that differs,
with the old and the new value. A and B are each a URI (sysfs:///, recorded:DIR,
xen:///system, …), the folder of a recording, the file of a dump (--json), or - for a
dump on standard input.

List items are matched by their key: links by name, addresses by link and address,
processors by number. Statistics, lifetimes, free memory and current frequencies are
ignored unless --all is given.

exit status: 0 no difference, 1 differences, 2 wrong usage, 3 no difference in what
could be read, but a source failed.
"""
EXAMPLES = (
    ("hostinfo dump --json > before.json", "save the present state"),
    ("hostinfo diff before.json sysfs:///", "what has changed since"),
    ("hostinfo diff recorded:old recorded:new", "two recordings"),
    ("ssh HOST hostinfo dump --json | hostinfo diff sysfs:/// -", "this host and another"),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("old", metavar="A", help="URI, recording, dump file, or -")
    parser.add_argument("new", metavar="B", help="URI, recording, dump file, or -")
    parser.add_argument("--all", action="store_true", help="compare statistics and volatile fields too")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: Namespace) -> int:
    """Read both documents, compare them, print the differences, and return the exit code."""
    if options.old == options.new == "-":
        print_error("diff: only one of A and B can be standard input")
        return EXIT_USAGE
    if options.connect is not None:
        print_error("diff: -c names one host; give both as arguments")
        return EXIT_USAGE
    try:
        old, new = _read_document(options.old), _read_document(options.new)
    except HostInfoError as error:
        print_error(f"diff: {error}")
        return EXIT_PARTIAL
    from hostinfo.output.diff import differences, uncompared

    found = list(differences(old, new, everything=options.all))
    hidden = uncompared(old, new, everything=options.all)
    if options.json:
        write_output(_to_json(found, hidden))
    else:
        write_output("".join(_line(difference) for difference in found))
        names = {"old": options.old, "new": options.new}
        for side, path, message in hidden:
            print_error(f"diff: {names[side]}: {path} could not be compared: {message}")
    if found:
        return EXIT_DIFFERENT
    return EXIT_PARTIAL if hidden else EXIT_SAME


def _read_document(name: str) -> dict[str, Any]:
    """Return the document of a host, a recording or a file."""
    scheme = name.partition(":")[0]
    if name != "-" and os.path.isdir(name):
        name, scheme = f"recorded:{name}", "recorded"
    if name == "-" or os.path.exists(name) or scheme == name:
        return _read_file(name)
    with hostinfo.open(name) as host:
        return read_document(host)


def _read_file(name: str) -> dict[str, Any]:
    from hostinfo.lowlevel.bounded_file import read_descriptor, read_file
    from hostinfo.lowlevel.bounded_text import parse_json

    where = "standard input" if name == "-" else name
    if name == "-":
        data = read_descriptor(_STANDARD_INPUT, MAX_BYTES, where)
    else:  # also a pipe: <(ssh HOST hostinfo dump --json)
        data = read_file(name, MAX_BYTES, regular_only=False)
    try:
        document = parse_json(data)
    except ValueError as error:
        raise ParseError(where, f"not JSON: {error}") from error
    header = document.get("hostinfo") if isinstance(document, dict) else None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ParseError(where, f"not a hostinfo dump in format {FORMAT}")
    return _check_errors(document, where)


def _check_errors(document: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the document if its errors have the right shape: the comparison relies on them, and on nothing else."""
    errors = document.get("errors", {})
    if isinstance(errors, dict) and all(
        isinstance(error, dict) and isinstance(error.get("kind"), str) and isinstance(error.get("message"), str)
        for error in errors.values()
    ):
        return document
    raise ParseError(where, "the key errors is not as hostinfo writes it")


def _line(difference: Difference) -> str:
    path, old, new = escape_unprintable(difference.path), _shorten(difference.old), _shorten(difference.new)
    return f"{path}: {old} -> {new}\n"


def _shorten(value: object) -> str:
    """Return a value on one line; of an added or removed item only the fields that it has."""
    from hostinfo.output.diff import value_text

    if isinstance(value, dict):
        value = {name: entry for name, entry in value.items() if entry not in (None, [], {}, False)}
    return value_text(value)


def _to_json(found: list[Difference], hidden: list[tuple[str, str, str]]) -> str:
    changes = [{"path": one.path} | one.sides() for one in found]
    failures = [{"side": side, "path": path, "message": message} for side, path, message in hidden]
    return to_json({"differences": changes, "not_compared": failures}) + "\n"
