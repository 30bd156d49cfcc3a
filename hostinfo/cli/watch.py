"""``hostinfo watch``: what changes on a machine, while it changes."""

import hostinfo
from hostinfo.cli import EXIT_NO_DATA, EXIT_OK, EXIT_USAGE, print_error, write_output
from hostinfo.errors import HostInfoError
from hostinfo.groups import TABLE
from hostinfo.output import document as dump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator
    from typing import Any

    from hostinfo.facade import HostInfo
    from hostinfo.output.diff import Difference
    from hostinfo.watch import Watch

DESCRIPTION = """\
Tells what changes on this machine: links that come, go, go up and down, addresses,
processors, memory, guests that start and stop, libvirt's daemon when it goes and comes
back, and facts that a driver can or can't tell any more. What the kernel and libvirt
announce shows within a second; the rest is found by reading all groups anew now and
then (--interval). Statistics, lifetimes, free memory and current frequencies are left
out. Ctrl-C ends it.
"""
EXAMPLES = (
    ("hostinfo watch", "everything that changes"),
    ("hostinfo watch network cpu", "only these groups"),
    ("hostinfo watch --json | jq -r .path", "one JSON object a line, for programs"),
)
LEAST_INTERVAL = 1.0
WATCHED = tuple(name for name, group in TABLE.items() if not group.is_volatile)


def add_arguments(parser: "ArgumentParser") -> None:
    """Arguments of the command."""
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="what to watch (all but statistics)")
    parser.add_argument("--interval", default="60", metavar="SECONDS", help="how often to read all anew (60)")
    parser.add_argument("--json", action="store_true", help="JSON lines: time, path, old, new")


def run(options: "Namespace") -> int:
    """Watch until Ctrl-C."""
    groups = tuple(options.groups) or WATCHED
    for group in groups:
        if group not in WATCHED:
            print_error(f"watch: {group!a}: no group that can be watched; there are {', '.join(WATCHED)}")
            return EXIT_USAGE
    interval = _seconds(options.interval)
    if interval is None:
        print_error(f"watch: --interval: {options.interval!a} is not a number of at least {LEAST_INTERVAL:g} seconds")
        return EXIT_USAGE
    try:
        with hostinfo.open(options.connect) as host, host.watch(groups) as watch:
            return _watch(host, watch, groups, interval, as_json=options.json)
    except HostInfoError as error:
        print_error(f"watch: {error}")
        return EXIT_NO_DATA
    except KeyboardInterrupt:  # how one leaves it: no failure
        return EXIT_OK


def _watch(host: "HostInfo", watch: "Watch", groups: tuple[str, ...], interval: float, *, as_json: bool) -> int:
    import time

    known = _read(host, groups)
    if all(known[group] is None for group in groups):
        for path, error in known["errors"].items():
            print_error(f"watch: {path}: {error['message']}")
        return EXIT_NO_DATA
    for problem in watch.problems:
        print_error(f"watch: {problem.error}: such changes show at the next reading only")
    if not as_json:
        how = "changes are heard of" if watch.has_monitors else "nothing is heard of changes here"
        print_error(f"watching {', '.join(groups)}: {how}, all is read each {interval:g} s; Ctrl-C ends")
    due, broken = time.monotonic() + interval, dict[str, str | None]()
    while True:
        heard = watch.wait(max(0.0, due - time.monotonic()))
        for driver, error in watch.connections():
            before, broken[driver] = broken.get(driver), None if error is None else str(error)
            if before != broken[driver]:
                write_output(_line(_error(driver, before, broken[driver]), as_json=as_json))
        stale: tuple[str, ...] = tuple(group for group in groups if group in heard)
        if time.monotonic() >= due:
            stale, due = groups, time.monotonic() + interval
        if stale:
            fresh = _read(host, stale)
            for line in _changes(_part(known, stale), fresh, as_json=as_json):
                write_output(line)
            known = _joined(known, fresh, stale)


def _read(host: "HostInfo", groups: "Iterable[str]") -> "dict[str, Any]":
    with host.snapshot():
        return dump.read_document(host, tuple(groups))


def _part(document: "dict[str, Any]", groups: tuple[str, ...]) -> "dict[str, Any]":
    errors = {path: why for path, why in document["errors"].items() if path.partition(".")[0] in groups}
    return {group: document[group] for group in groups} | {"errors": errors}


def _joined(known: "dict[str, Any]", fresh: "dict[str, Any]", groups: tuple[str, ...]) -> "dict[str, Any]":
    """What is known now; a group that could not be told keeps what was told last, to be compared when it is back."""
    kept = {path: why for path, why in known["errors"].items() if path.partition(".")[0] not in groups}
    told = {group: fresh[group] for group in groups if fresh[group] is not None}
    return known | told | {"errors": kept | fresh["errors"]}


def _changes(known: "dict[str, Any]", fresh: "dict[str, Any]", *, as_json: bool) -> "Iterator[str]":
    from hostinfo.output.diff import differences

    told = {group: value for group, value in known.items() if value is not None and fresh.get(group) is not None}
    for one in differences(told, fresh):
        if one.path.partition(".")[0].partition("[")[0] in told:
            yield _line(one, as_json=as_json)
    old, new = known["errors"], fresh["errors"]
    for path in sorted(old.keys() | new.keys()):
        before, after = (side[path]["message"] if path in side else None for side in (old, new))
        if before != after:
            yield _line(_error(path, before, after), as_json=as_json)


def _error(path: str, before: str | None, after: str | None) -> "Difference":
    from hostinfo.output.diff import Difference

    return Difference(f"errors[{path}]", before, after)


def _line(one: "Difference", *, as_json: bool) -> str:
    import time

    from hostinfo.output.diff import ABSENT

    now = time.time()
    if as_json:
        import json

        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
        sides = {side: value for side, value in (("old", one.old), ("new", one.new)) if value is not ABSENT}
        return json.dumps({"time": moment, "path": one.path} | sides) + "\n"
    path = one.path if one.path.isprintable() else one.path.encode("unicode_escape").decode()
    if one.old is ABSENT or one.new is ABSENT:
        came = one.old is ABSENT
        what = f"{'+' if came else '-'} {path}  {_about(one.new if came else one.old)}".rstrip()
    else:
        what = f"  {path}: {_shown(one.old)} -> {_shown(one.new)}"
    return f"{time.strftime('%H:%M:%S', time.localtime(now))} {what}\n"


def _about(value: object) -> str:
    """The few facts by which people know an item that came or went."""
    if not isinstance(value, dict):
        return _shown(value)
    names = ("kind", "mac", "state", "mtu", "size_bytes", "scope", "gateway", "metric", "total_bytes", "uuid")
    return " ".join(f"{name}={_shown(value[name])}" for name in names if value.get(name) is not None)


def _shown(value: object) -> str:
    if isinstance(value, str) and value and value.isprintable() and " " not in value:
        return value
    if value is None:
        return "absent"
    import json

    text = json.dumps(value)
    return text if len(text) <= 200 else text[:199] + "…"


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if LEAST_INTERVAL <= seconds <= 86400 else None
