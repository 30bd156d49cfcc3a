"""Hypercalls in a recording: one file per hypercall in ``xen/``, the raw result.

The results identify nothing but the UUIDs of domains.
"""

from __future__ import annotations

from uuid import UUID

from .layouts import DOMAIN_HANDLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hostinfo.driver_factory import ReplyStore, Secrets

    from .connect import Hypercall, OpenHypercalls


def record_hypercalls(store: ReplyStore, open_live: OpenHypercalls) -> OpenHypercalls:
    """Record every result, and the error where the device could not be opened."""

    def connect() -> tuple[Hypercall, Callable[[], None] | None]:
        opened: list[tuple[Hypercall, Callable[[], None] | None]] = []

        def attempt() -> bytes:
            opened.append(open_live())
            return b""

        store.record("xen/connect", attempt)
        hypercall, close = opened[0]
        return lambda name: store.record(f"xen/{name}", lambda: hypercall(name)), close

    return connect


def replay_hypercalls(store: ReplyStore) -> OpenHypercalls:
    """Return the recorded results."""

    def connect() -> tuple[Hypercall, None]:
        store.replay("xen/connect")
        return lambda name: store.replay(f"xen/{name}"), None

    return connect


def scrub_reply(name: str, reply: bytes, secrets: Secrets) -> bytes:
    """Replace the UUIDs of domains."""
    if name != "xen/domains" or len(reply) < 4:
        return reply
    item_bytes = max(int.from_bytes(reply[:4], "little"), DOMAIN_HANDLE.stop)
    scrubbed = bytearray(reply)
    for start in range(4, len(scrubbed) - item_bytes + 1, item_bytes):
        handle = slice(start + DOMAIN_HANDLE.start, start + DOMAIN_HANDLE.stop)
        scrubbed[handle] = UUID(secrets.uuid(str(UUID(bytes=bytes(scrubbed[handle]))))).bytes
    return bytes(scrubbed)
