"""``hostinfo diff``: what changed between two hosts, recordings or dumps."""

import os
import sys

import hostinfo
from hostinfo.cli import EXIT_PARTIAL, EXIT_USAGE, print_error, write_output
from hostinfo.errors import HostInfoError, ParseError, ReadError
from hostinfo.output import document as dump
from hostinfo.output.json import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from hostinfo.output.diff import Difference

SAME, DIFFERS = 0, 1
LIMIT = 256 * 1024 * 1024
"""Most bytes of a dump file."""
DESCRIPTION = """\
Says what differs between two machines, or between two moments of one: a line for each
path with the old and the new value. A and B are each a URI (sysfs:///, recorded:DIR,
xen:///system, …), the folder of a recording, the file of a dump (--json), or - for a
dump on standard input.

Links are matched by name, addresses by link and address, processors by number, and so
on. Statistics, lifetimes, free memory and current frequencies are left out, unless
--all is given.

exit status: 0 the same, 1 they differ, 2 wrong usage, 3 the same as far as could be
read, but a source failed.
"""
EXAMPLES = (
    ("hostinfo dump --json > before.json", "keep how it is"),
    ("hostinfo diff before.json sysfs:///", "what has changed since"),
    ("hostinfo diff recorded:old recorded:new", "two recordings"),
    ("ssh HOST hostinfo dump --json | hostinfo diff sysfs:/// -", "this machine and another"),
)


def add_arguments(parser: "ArgumentParser") -> None:
    """Arguments of the command."""
    parser.add_argument("old", metavar="A", help="URI, recording, dump file, or -")
    parser.add_argument("new", metavar="B", help="URI, recording, dump file, or -")
    parser.add_argument("--all", action="store_true", help="statistics and volatile fields too")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: "Namespace") -> int:
    """Read both, compare, print."""
    if options.old == options.new == "-":
        print_error("diff: only one of both can be standard input")
        return EXIT_USAGE
    if options.connect is not None:
        print_error("diff: -c names one host; give both as arguments")
        return EXIT_USAGE
    try:
        old, new = _document(options.old), _document(options.new)
    except HostInfoError as error:
        print_error(f"diff: {error}")
        return EXIT_PARTIAL
    from hostinfo.output.diff import differences, uncompared

    found = list(differences(old, new, everything=options.all))
    hidden = uncompared(old, new, everything=options.all)
    if options.json:
        write_output(_json(found, hidden))
    else:
        write_output("".join(_line(difference) for difference in found))
        names = {"old": options.old, "new": options.new}
        for side, path, message in hidden:
            print_error(f"diff: {names[side]}: {path} could not be compared: {message}")
    if found:
        return DIFFERS
    return EXIT_PARTIAL if hidden else SAME


def _document(name: str) -> "dict[str, Any]":
    """The document that a URI, a folder or a file stands for."""
    scheme = name.partition(":")[0]
    if name != "-" and os.path.isdir(name):
        name, scheme = f"recorded:{name}", "recorded"
    if name == "-" or os.path.exists(name) or scheme == name:
        return _read(name)
    with hostinfo.open(name) as host:
        return dump.read_document(host)


def _read(name: str) -> "dict[str, Any]":
    import json

    where = "standard input" if name == "-" else name
    try:
        if name == "-":
            data = sys.stdin.buffer.read(LIMIT + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(LIMIT + 1)
    except OSError as error:
        raise ReadError.from_os(where, error) from error
    if len(data) > LIMIT:
        raise ReadError(where, f"longer than {LIMIT} bytes")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ParseError(where, f"no JSON: {error}") from error
    about = document.get("hostinfo") if isinstance(document, dict) else None
    if not isinstance(about, dict) or about.get("format") != dump.FORMAT:
        raise ParseError(where, f"not a dump of hostinfo in format {dump.FORMAT}")
    return _checked(document, where)


def _checked(document: "dict[str, Any]", where: str) -> "dict[str, Any]":
    """The document, if its errors are as ours: the comparison relies on them, and on nothing else."""
    errors = document.get("errors", {})
    if isinstance(errors, dict) and all(
        isinstance(error, dict) and isinstance(error.get("kind"), str) and isinstance(error.get("message"), str)
        for error in errors.values()
    ):
        return document
    raise ParseError(where, "its errors are not as hostinfo writes them")


def _line(difference: "Difference") -> str:
    return f"{_safe(difference.path)}: {_shown(difference.old)} -> {_shown(difference.new)}\n"


def _shown(value: object) -> str:
    """A value on one line; long ones are cut, for the path says where to look."""
    from hostinfo.output.diff import ABSENT

    if value is ABSENT:
        return "absent"
    if isinstance(value, str) and value and value.isprintable() and " " not in value:
        return value
    if isinstance(value, dict):  # an item that came or went: what is told of it
        value = {name: entry for name, entry in value.items() if entry not in (None, [], {}, False)}
    import json

    text = json.dumps(value)
    return text if len(text) <= 200 else text[:199] + "…"


def _safe(path: str) -> str:
    return path if path.isprintable() else path.encode("unicode_escape").decode()


def _json(found: "list[Difference]", hidden: list[tuple[str, str, str]]) -> str:
    from hostinfo.output.diff import ABSENT

    changes = [
        {"path": one.path}
        | {side: value for side, value in (("old", one.old), ("new", one.new)) if value is not ABSENT}
        for one in found
    ]
    failures = [{"side": side, "path": path, "message": message} for side, path, message in hidden]
    return to_json({"differences": changes, "not_compared": failures}) + "\n"
