"""How readers reach Xen: hypercalls by name, live or recorded."""

from __future__ import annotations

from collections.abc import Callable

Hypercall = Callable[[str], bytes]
"""Makes the hypercall of this name (see ``Privcmd.call``) and returns the raw result."""
OpenHypercalls = Callable[[], tuple[Hypercall, Callable[[], None] | None]]
"""Opens the device; returns the function that makes hypercalls, and the one that closes the device."""


def open_privcmd() -> tuple[Hypercall, Callable[[], None]]:
    """Open the Xen that this kernel runs on; Unavailable where that is not allowed or not possible."""
    from .privcmd import Privcmd

    privcmd = Privcmd()
    return privcmd.call, privcmd.close


def memoize(hypercall: Hypercall) -> Hypercall:
    """Make each hypercall once: reading one group needs some results twice."""
    results: dict[str, bytes] = {}

    def call(name: str) -> bytes:
        if name not in results:
            results[name] = hypercall(name)
        return results[name]

    return call
