"""Compare the values of hostinfo with published ones, and count them; look at failures and at the exit status."""

import contextlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

from hostinfo.cli import main
from hostinfo.cli.streams import EXIT_OK, EXIT_PARTIAL
from hostinfo.model.cpu import Cache


@dataclass
class Tally:
    """Machines and values compared in this run."""

    machines: set[str] = field(default_factory=set)
    values: int = 0
    exceptions: int = 0


TALLY = Tally()


def compare(
    name: str, found: dict[str, object], published: dict[str, object], exceptions: dict[str, tuple[object, str]]
) -> None:
    """Assert that each published value is found; for an exception, its value in the table, which must differ."""
    wrong = []
    for key, theirs in published.items():
        expected, reason = exceptions.get(key, (theirs, ""))
        if reason and expected == theirs:
            wrong.append(f"{key}: the exception is not needed ({reason})")
        if found.get(key) != expected:
            wrong.append(f"{key}: found {found.get(key)!r}, expected {expected!r} {reason}")
        TALLY.exceptions += bool(reason)
    TALLY.machines.add(name)
    TALLY.values += len(published)
    assert not wrong, "\n".join([name, *wrong])


def check_failures(name: str, root: Path, exceptions: dict[str, dict[str, str]]) -> None:
    """Assert that the dump of this tree has the failures in the table, path -> part of the message, and no other.

    An absence with a reason (Unsupported) is no failure.
    """
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
        status = main(["-c", f"sysfs://{root}", "dump", "--json"])
    errors = json.loads(output.getvalue())["errors"]
    found = {path: error["message"] for path, error in errors.items() if error["kind"] != "Unsupported"}
    expected = exceptions.get(name, {})
    assert found.keys() == expected.keys(), f"{name}: {found}"
    assert all(expected[path] in message for path, message in found.items()), f"{name}: {found}"
    assert status == (EXIT_PARTIAL if expected else EXIT_OK)


def add_up(caches: tuple[Cache, ...]) -> dict[str, tuple[int, int | None]]:
    """Return total bytes and instances by level and type, as lscpu prints them."""
    sums: dict[str, tuple[int, int | None]] = {}
    for cache in caches:
        if cache.size_bytes is None:
            continue
        key = f"L{cache.level}{ {'Data': 'd', 'Instruction': 'i'}.get(cache.type, '') }"
        size, instances = sums.get(key, (0, 0))
        all_instances = None if cache.instances is None or instances is None else instances + cache.instances
        sums[key] = (size + cache.size_bytes * (cache.instances or 1), all_instances)
    return sums
