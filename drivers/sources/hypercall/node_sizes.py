"""Sizes of a Xen machine's NUMA nodes, from the address spans that Xen and libvirt report instead."""

from __future__ import annotations

_HOLE_BYTES = 128 * 1024 * 1024
"""Firmware reserves less than this: where the spans exceed the memory by more, they contain a hole."""


def node_sizes(spans: list[int], total_bytes: int) -> list[int | None]:
    """Return the memory of each node; None where the spans have holes and there is more than one node."""
    if sum(spans) - total_bytes <= _HOLE_BYTES:
        return list(spans)
    return [total_bytes] if len(spans) == 1 else [None] * len(spans)
