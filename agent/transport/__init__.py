"""How QMF messages travel: over AMQP 1.0 to a broker, or through the exchange that an agent carries itself.

The agent and the console know this interface only; proton stays behind it. `open_transport(TransportOptions(…))`
makes one::

    transport = open_transport(TransportOptions(listen="amqp://127.0.0.1:5672"))     # no broker needed
    transport = open_transport(TransportOptions(urls=("amqps://broker1", "amqps://broker2"), ca="/etc/…/ca.pem"))
    transport.subscribe(direct_exchange(), str(name))
    transport.start(on_message, on_state)

A console of an agent that listens connects to it as to any broker. Errors of the options are `hostinfo.Unavailable`;
what goes wrong later is told to `on_state`, and tried again.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from ..qmf.wire.message import Message
from .options import TransportOptions

__all__ = ["ConnectionState", "Transport", "TransportOptions", "open_transport"]


class Transport(Protocol):
    """A way to send and to receive; every method may be called from any thread."""

    def subscribe(self, exchange: str, key: str) -> None:
        """Receive what is sent to an exchange (see qmf.wire.addresses) under a key (on topic with wildcards)."""

    def start(self, on_message: Callable[[Message], None], on_state: "Callable[[ConnectionState, str], None]") -> None:
        """Connect, and keep connected. Both are called in the transport's own thread and must not block long."""

    def reply_to(self, key: str) -> str:
        """Give the reply address for a key subscribed to, as this broker writes it: ask after CONNECTED."""

    def send(self, message: Message) -> bool:
        """Queue a message; False where it was dropped (not connected, no credit): dropped ones are counted."""

    def schedule(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once in the transport's thread after this time."""

    @property
    def dropped(self) -> int:
        """Messages that were dropped since the start: not connected, no credit, a full queue, not readable."""

    def close(self) -> None:
        """Send what is queued (bounded), disconnect, end the thread."""


class ConnectionState(StrEnum):
    """What happened to the connection; the text beside it says to whom, or why not."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    REFUSED = "refused"
    """Authentication failed or the peer does not want us; it is tried again."""


def open_transport(options: TransportOptions) -> Transport:
    """Make the transport that the options describe; Unavailable says what is wrong with them, or what is missing."""
    if options.listen is not None:
        from .embedded.transport import EmbeddedTransport

        return EmbeddedTransport(options)
    from .broker.transport import BrokerTransport

    return BrokerTransport(options)
