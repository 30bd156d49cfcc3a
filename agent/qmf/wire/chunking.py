"""Split responses into parts, by number of objects and by bytes, so that no message grows with the inventory."""

from collections.abc import Iterable, Iterator

from .limits import CHUNK_BYTES, CHUNK_OBJECTS, MAX_BODY_BYTES
from .sanitise import encoded_size
from .types import Map, Value

TOO_LARGE = "_too_large"
_LIST_BYTES, _NAME_BYTES = 64, 300  # room for `_too_large` itself, and for each name in it


def split(
    items: Iterable[Map], *, objects: int = CHUNK_OBJECTS, size: int = CHUNK_BYTES
) -> Iterator[tuple[list[Value], bool]]:
    """Yield the items in lists, each with whether it is the last; no items yield one empty list.

    A list holds at most `objects` items and about `size` bytes. An item over 1 MiB loses its largest values, whose
    names are listed under `_too_large`. Items are consumed lazily.
    """
    chunk: list[Value] = []
    used = 0
    for item in items:
        fitting, cost = item, encoded_size(item)
        if cost > MAX_BODY_BYTES:
            fitting = shrink(item)
            cost = encoded_size(fitting)
        if chunk and (len(chunk) >= objects or used + cost > size):
            yield chunk, False
            chunk, used = [], 0
        chunk.append(fitting)
        used += cost
    yield chunk, True


def shrink(item: Map, size: int = MAX_BODY_BYTES) -> Map:
    """Return the object without its largest `_values`, so that it fits; their names are listed in the object."""
    total = encoded_size(item)
    values = item.get("_values")
    if total <= size or not isinstance(values, dict):
        return item
    kept = dict(values)
    dropped: list[Value] = []
    for name in sorted(kept, key=lambda key: encoded_size(kept[key]), reverse=True):
        if total <= size - _LIST_BYTES - _NAME_BYTES * len(dropped):
            break
        total -= encoded_size(kept.pop(name))
        dropped.append(name)
    return {**item, "_values": {**kept, TOO_LARGE: dropped}}
