"""``hostinfo watch``: prints changes of a host as they happen."""

from __future__ import annotations

import hostinfo
from hostinfo.cli.streams import EXIT_NO_DATA, EXIT_OK, EXIT_USAGE, print_error, write_output
from hostinfo.errors import HostInfoError
from hostinfo.groups import TABLE
from hostinfo.output.document import read_document
from hostinfo.output.escape import escape_unprintable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator
    from typing import Any

    from hostinfo.facade import HostInfo
    from hostinfo.output.diff import Difference
    from hostinfo.watch import Watch

    Document = dict[str, Any]

DESCRIPTION = """\
Prints changes of this host as they happen: links that are added, removed, go up or
down, addresses, processors, memory, guests that start and stop, lost and restored
connections to libvirt's daemon, and facts that become available or unavailable.
Changes that the kernel or libvirt notifies of are printed within a second; other ones
are found by reading all groups periodically (--interval). Statistics, lifetimes, free
memory and current frequencies are ignored. Ctrl-C ends the command.
"""
EXAMPLES = (
    ("hostinfo watch", "all changes"),
    ("hostinfo watch network cpu", "changes in these groups only"),
    ("hostinfo watch --json | jq -r .path", "one JSON object per line, for programs"),
)
MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS = 1.0, 86400.0
WATCHED = tuple(name for name, group in TABLE.items() if not group.is_volatile)
IDENTIFYING = ("kind", "mac", "state", "mtu", "size_bytes", "scope", "gateway", "metric", "total_bytes", "uuid")
"""Fields that are printed of an item that was added or removed."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="groups to watch (default: all but statistics)")
    parser.add_argument("--interval", default="60", metavar="SECONDS", help="time between two full reads (60)")
    parser.add_argument("--json", action="store_true", help="print JSON lines: time, path, old, new")


def run(options: Namespace) -> int:
    """Watch until Ctrl-C, and return the exit code."""
    groups = tuple(options.groups) or WATCHED
    for group in groups:
        if group not in WATCHED:
            print_error(f"watch: {group!a}: not a group that can be watched; these can: {', '.join(WATCHED)}")
            return EXIT_USAGE
    interval = _parse_interval(options.interval)
    if interval is None:
        limit = f"a number of seconds from {MIN_INTERVAL_SECONDS:g} to {MAX_INTERVAL_SECONDS:g}"
        print_error(f"watch: --interval: {options.interval!a} is not {limit}")
        return EXIT_USAGE
    try:
        with hostinfo.open(options.connect) as host, host.watch(groups) as watch:
            return _watch(host, watch, groups, interval, as_json=options.json)
    except HostInfoError as error:
        print_error(f"watch: {error}")
        return EXIT_NO_DATA
    except KeyboardInterrupt:  # the usual way to end it
        return EXIT_OK


def _watch(host: HostInfo, watch: Watch, groups: tuple[str, ...], interval: float, *, as_json: bool) -> int:
    import time

    known = _read(host, groups)
    if all(known[group] is None for group in groups):
        for path, error in known["errors"].items():
            print_error(f"watch: {path}: {error['message']}")
        return EXIT_NO_DATA
    for problem in watch.problems:
        print_error(f"watch: {problem.error}; its changes are found by the next full read only")
    if not as_json:
        how = "changes are notified" if watch.has_monitors else "no change notifications here"
        print_error(f"watching {', '.join(groups)}: {how}, full read every {interval:g} s; Ctrl-C ends")
    due, failures = time.monotonic() + interval, dict[str, str | None]()
    while True:
        changed = watch.wait(max(0.0, due - time.monotonic()))
        for driver, error in watch.connections():
            before, failures[driver] = failures.get(driver), None if error is None else str(error)
            if before != failures[driver]:
                write_output(_line(_error_change(driver, before, failures[driver]), as_json=as_json))
        outdated: tuple[str, ...] = tuple(group for group in groups if group in changed)
        if time.monotonic() >= due:
            outdated, due = groups, time.monotonic() + interval
        if outdated:
            new = _read(host, outdated)
            for line in _lines(_select(known, outdated), new, as_json=as_json):
                write_output(line)
            known = _merge(known, new, outdated)


def _read(host: HostInfo, groups: Iterable[str]) -> Document:
    with host.snapshot():
        return read_document(host, groups)


def _select(document: Document, groups: tuple[str, ...]) -> Document:
    errors = {path: error for path, error in document["errors"].items() if path.partition(".")[0] in groups}
    return {group: document[group] for group in groups} | {"errors": errors}


def _merge(known: Document, new: Document, groups: tuple[str, ...]) -> Document:
    """Return the known document with the new groups; the last value of an unavailable group is kept for comparison."""
    kept = {path: error for path, error in known["errors"].items() if path.partition(".")[0] not in groups}
    available = {group: new[group] for group in groups if new[group] is not None}
    return known | available | {"errors": kept | new["errors"]}


def _lines(known: Document, new: Document, *, as_json: bool) -> Iterator[str]:
    """Yield a line per change: of values in groups that both documents have, then of errors."""
    from hostinfo.output.diff import differences

    common = {group: value for group, value in known.items() if value is not None and new.get(group) is not None}
    for one in differences(common, new):
        if one.path.partition(".")[0].partition("[")[0] in common:
            yield _line(one, as_json=as_json)
    old_errors, new_errors = known["errors"], new["errors"]
    for path in sorted(old_errors.keys() | new_errors.keys()):
        before, after = (side[path]["message"] if path in side else None for side in (old_errors, new_errors))
        if before != after:
            yield _line(_error_change(path, before, after), as_json=as_json)


def _error_change(path: str, before: str | None, after: str | None) -> Difference:
    from hostinfo.output.diff import Difference

    return Difference(f"errors[{path}]", before, after)


def _line(one: Difference, *, as_json: bool) -> str:
    import time

    from hostinfo.output.diff import ABSENT, value_text

    now = time.time()
    if as_json:
        import json

        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
        return json.dumps({"time": moment, "path": one.path} | one.sides()) + "\n"
    path = escape_unprintable(one.path)
    if one.old is ABSENT or one.new is ABSENT:
        sign, item = ("+", one.new) if one.old is ABSENT else ("-", one.old)
        what = f"{sign} {path}  {_identify(item)}".rstrip()
    else:
        what = f"  {path}: {value_text(one.old)} -> {value_text(one.new)}"
    return f"{time.strftime('%H:%M:%S', time.localtime(now))} {what}\n"


def _identify(value: object) -> str:
    """Return the few fields by which people recognise an item."""
    from hostinfo.output.diff import value_text

    if not isinstance(value, dict):
        return value_text(value)
    return " ".join(f"{name}={value_text(value[name])}" for name in IDENTIFYING if value.get(name) is not None)


def _parse_interval(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if MIN_INTERVAL_SECONDS <= seconds <= MAX_INTERVAL_SECONDS else None
