"""Xen's answers to hypercalls in a recording: one file a question, the bytes as they are.

They hold no identity but the UUIDs of domains, which the recorder finds and replaces as it does everywhere.
"""

from collections.abc import Callable

from hostinfo.driver import Opener

from ..sysfs.kernel import Kernel
from ..sysfs.role import DOM0, read_role
from . import Ask, Connect, opener, privcmd_connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..recorded.tape import Tape


def listening(uri: str | None, tape: "Tape", kernel: Kernel | None) -> tuple[Opener, ...]:
    """The driver of this Dom0, each answer written down."""
    if kernel is None or (uri is not None and not uri.startswith("xen:")) or read_role(kernel.tree) != DOM0:
        return ()
    return (opener(kernel, listening_connect(tape)),)


def replaying(tape: "Tape", kernel: Kernel) -> tuple[Opener, ...]:
    """The same driver with the recorded answers."""
    return (opener(kernel, replaying_connect(tape)),) if tape.holds("xen") else ()


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
