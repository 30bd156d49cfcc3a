"""Differences between two documents: path, old value, new value.

List items are matched by their key (``introspect.ITEM_KEYS``), so that an added link does not make all others differ.
"""

from __future__ import annotations

from hostinfo import introspect
from hostinfo.groups import GROUPS, TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

VOLATILE = frozenset(f"{name}.{field}" for name, group in TABLE.items() for field in group.volatile)
"""Fields that change without a change of the machine."""

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "absent"})()
"""The value of an item on the side that does not have it."""
MAX_CHARACTERS = 200
"""Longer values are cut; their path selects the whole."""


class Difference:
    """A path at which the documents differ; ``old`` or ``new`` is ABSENT if only one side has the item."""

    __slots__ = ("new", "old", "path")

    def __init__(self, path: str, old: Any, new: Any) -> None:
        self.path, self.old, self.new = path, old, new

    def sides(self) -> dict[str, Any]:
        """Return the values of the sides that have one, by ``old`` and ``new``."""
        return {side: value for side, value in (("old", self.old), ("new", self.new)) if value is not ABSENT}


def differences(old: Mapping[str, Any], new: Mapping[str, Any], *, everything: bool = False) -> Iterator[Difference]:
    """Yield the differences in the order of the model; ``everything``: in statistics and volatile fields too."""
    skipped = frozenset() if everything else VOLATILE
    for name, group in TABLE.items():
        if everything or not group.is_volatile:
            yield from _compare(name, name, introspect.group_class(name), old.get(name), new.get(name), skipped)


def uncompared(
    old: Mapping[str, Any], new: Mapping[str, Any], *, everything: bool = False
) -> list[tuple[str, str, str]]:
    """Return side, path and message of each failure that hid a value; Unsupported is not a failure."""
    found = []
    for side, document in (("old", old), ("new", new)):
        for path, error in document.get("errors", {}).items():
            is_hidden = path not in GROUPS or document.get(path) is None
            is_compared = everything or not _is_volatile(path.partition(".")[0])
            if is_hidden and is_compared and error["kind"] != "Unsupported":
                found.append((side, path, str(error["message"])))
    return found


def value_text(value: object) -> str:
    """Return a value of a document on one line: simple text as it is, anything else as JSON."""
    if value is ABSENT or value is None:
        return "absent"
    if isinstance(value, str) and value and value.isprintable() and " " not in value:
        return value
    import json

    text = json.dumps(value)
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"


def _is_volatile(group: str) -> bool:
    return group in TABLE and TABLE[group].is_volatile


def _compare(
    path: str, place: str, annotation: Any, old: Any, new: Any, skipped: frozenset[str]
) -> Iterator[Difference]:
    """Compare two values. ``path`` includes the keys of list items, ``place`` does not."""
    if old == new or place in skipped:
        return
    model, values = introspect.model(annotation), introspect.values(annotation)
    if isinstance(old, list) and isinstance(new, list) and model is not None:
        yield from _compare_lists(path, place, model, (old, new), skipped)
    elif isinstance(old, dict) and isinstance(new, dict) and model is not None:
        fields = introspect.fields(model)
        for name in [*fields, *sorted((old.keys() | new.keys()) - fields.keys())]:
            # A field that an older hostinfo did not know is not a change of the machine.
            if name in old and name in new:
                yield from _compare(
                    f"{path}.{name}", f"{place}.{name}", fields.get(name), old[name], new[name], skipped
                )
    elif isinstance(old, dict) and isinstance(new, dict) and values is not None:
        for name in dict.fromkeys([*old, *new]):
            before, after = old.get(name, ABSENT), new.get(name, ABSENT)
            if before != after:
                yield Difference(f"{path}[{name}]", before, after)
    else:
        yield Difference(path, old, new)


def _compare_lists(
    path: str, place: str, model: type, lists: tuple[list[Any], list[Any]], skipped: frozenset[str]
) -> Iterator[Difference]:
    before, after = (_by_key(model, entries) for entries in lists)
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key, ABSENT), after.get(key, ABSENT)
        name = f"{path}[{key}]"
        if old is ABSENT or new is ABSENT:
            yield Difference(name, old, new)
        else:
            yield from _compare(name, place, model, old, new, skipped)


def _by_key(model: type, entries: list[Any]) -> dict[str, Any]:
    """Return the items by their key; items with the same key are numbered: eth0, eth0#2."""
    names = introspect.ITEM_KEYS.get(model.__name__, ())
    found: dict[str, Any] = {}
    last: dict[str, int] = {}
    for position, entry in enumerate(entries):
        parts = [entry.get(name) for name in names] if isinstance(entry, dict) else []
        key = " ".join(str(part) for part in parts if part is not None) or str(position)
        number, unique = last.get(key, 1), key
        while unique in found:
            number += 1
            unique = f"{key}#{number}"
        last[key] = number
        found[unique] = entry
    return found
