"""Name groups of CPUs by their lowest CPU number, which is unique over the machine, as the IDs of sources are not."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable


def first_of_groups(keys: Iterable[tuple[int, Hashable]]) -> dict[int, int]:
    """Return, for each CPU, the lowest CPU with an equal key; CPUs whose key is None are left out."""
    first: dict[Hashable, int] = {}
    found = {}
    for number, key in sorted(keys, key=lambda pair: pair[0]):
        if key is not None:
            found[number] = first.setdefault(key, number)
    return found
