"""How QMF messages travel: over AMQP 1.0 to a broker, or through the exchange that an agent carries itself.

The agent and the console know this interface only; proton stays behind it.
"""

from collections.abc import Callable
from enum import StrEnum

from ..qmf.message import Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Transport(Protocol):
        """A way to send and to receive; every method may be called from any thread."""

        def subscribe(self, exchange: str, key: str) -> None:
            """Receive what is sent to this exchange (a name of qmf.names) under this key, wildcards allowed on topic;
            remembered over reconnections."""

        def start(self, on_message: Callable[[Message], None], on_state: "Callable[[State, str], None]") -> None:
            """Connect, and keep connected. Both are called in the transport's own thread and must not block long."""

        def reply_to(self, key: str) -> str:
            """The reply address of this peer for a key that it subscribed to, in the form this broker understands."""

        def send(self, message: Message) -> bool:
            """Queue a message; False where it was dropped (not connected, no credit): dropped ones are counted."""

        def schedule(self, seconds: float, call: Callable[[], None]) -> None:
            """Call once in the transport's thread after this time."""

        def close(self) -> None:
            """Send what is queued (bounded), disconnect, end the thread."""


class State(StrEnum):
    """What happened to the connection; the text beside it says to whom, or why not."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    REFUSED = "refused"
    """Authentication failed or the peer does not want us; it is tried again."""
