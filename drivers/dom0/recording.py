"""Xen's answers to hypercalls in a recording: one file a question, the bytes as they are.

They hold no identity but the UUIDs of domains.
"""

from collections.abc import Callable
from uuid import UUID

from hostinfo.driver import DriverFactory

from ..sources.hypercall.layouts import DOMAIN_HANDLE
from ..sources.sources import Sources
from ..sources.xen_role import DOM0, read_role
from .hypercall import Ask, Connect, factory, privcmd_connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..recorded.scrub.secrets import Values
    from ..sources.recorded.reply_store import Tape


def listening(uri: str | None, tape: "Tape", sources: Sources | None) -> tuple[DriverFactory, ...]:
    """The driver of this Dom0, each answer written down."""
    if sources is None or (uri is not None and not uri.startswith("xen:")) or read_role(sources.tree) != DOM0:
        return ()
    return (factory(sources, listening_connect(tape)),)


def replaying(tape: "Tape", sources: Sources) -> tuple[DriverFactory, ...]:
    """The same driver with the recorded answers."""
    return (factory(sources, replaying_connect(tape)),) if tape.holds("xen") else ()


def listening_connect(tape: "Tape") -> Connect:
    """The way to this machine's Xen, each answer written down, and why there is none as well."""

    def connect() -> tuple[Ask, Callable[[], None] | None]:
        opened: list[tuple[Ask, Callable[[], None]]] = []

        def attempt() -> bytes:
            opened.append(privcmd_connect())
            return b""

        tape.keep("xen/connect", attempt)
        ask, close = opened[0]
        return lambda question: tape.keep(f"xen/{question}", lambda: ask(question)), close

    return connect


def replaying_connect(tape: "Tape") -> Connect:
    """The way to what was recorded of Xen."""

    def connect() -> tuple[Ask, None]:
        tape.answer("xen/connect")
        return lambda question: tape.answer(f"xen/{question}"), None

    return connect


def scrub(name: str, reply: bytes, values: "Values") -> bytes:
    """The answer without the UUIDs of domains; nothing else in it says whose machine this is."""
    if name != "xen/domains" or len(reply) < 4:
        return reply
    item_bytes = max(int.from_bytes(reply[:4], "little"), DOMAIN_HANDLE.stop)
    found = bytearray(reply)
    for start in range(4, len(found) - item_bytes + 1, item_bytes):
        place = slice(start + DOMAIN_HANDLE.start, start + DOMAIN_HANDLE.stop)
        found[place] = UUID(values.uuid(str(UUID(bytes=bytes(found[place]))))).bytes
    return bytes(found)
