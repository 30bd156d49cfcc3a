"""Compares what hostinfo tells with what others publish, value by value, and counts."""

from dataclasses import dataclass, field

from hostinfo.model.cpu import Cache


@dataclass
class Tally:
    """What was compared in this run."""

    machines: set[str] = field(default_factory=set)
    values: int = 0
    exceptions: int = 0


TALLY = Tally()


def compare(
    name: str, told: dict[str, object], published: dict[str, object], exceptions: dict[str, tuple[object, str]]
) -> None:
    """Each published value is told; for the exceptions the table's value is told, and differs from the published."""
    wrong = []
    for what, theirs in published.items():
        expected, why = exceptions.get(what, (theirs, ""))
        if why and expected == theirs:
            wrong.append(f"{what}: no exception any more ({why})")
        if told.get(what) != expected:
            wrong.append(f"{what}: told {told.get(what)!r}, expected {expected!r} {why}")
        TALLY.exceptions += bool(why)
    TALLY.machines.add(name)
    TALLY.values += len(published)
    assert not wrong, "\n".join([name, *wrong])


def add_up(caches: tuple[Cache, ...]) -> dict[str, tuple[int, int | None]]:
    """Bytes and instances over the machine by level and type, as lscpu prints them."""
    sums: dict[str, tuple[int, int | None]] = {}
    for cache in caches:
        if cache.size_bytes is None:
            continue
        key = f"L{cache.level}{ {'Data': 'd', 'Instruction': 'i'}.get(cache.type, '') }"
        size, instances = sums.get(key, (0, 0))
        all_instances = None if cache.instances is None or instances is None else instances + cache.instances
        sums[key] = (size + cache.size_bytes * (cache.instances or 1), all_instances)
    return sums
