"""Transports of QMF messages: over AMQP 1.0 to a broker, or with exchanges that run in this process.

The agent and the console use this interface only; proton is hidden behind it. `open_transport(TransportOptions(…))`
returns one::

    transport = open_transport(TransportOptions(listen="amqp://127.0.0.1:5672"))     # no broker needed
    transport = open_transport(TransportOptions(urls=("amqps://broker1", "amqps://broker2"), ca="/etc/…/ca.pem"))
    transport.subscribe(direct_exchange(), str(name))
    transport.start(on_message, on_state)

A console connects to an agent that listens as to any broker. Wrong options raise `hostinfo.Unavailable`; later errors
are reported to `on_state`, and the transport connects again by itself.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from .options import TransportOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..qmf.wire.message import Message

__all__ = ["ConnectionState", "Transport", "TransportOptions", "open_transport"]


class Transport(Protocol):
    """Sends and receives messages; every method may be called from any thread."""

    def subscribe(self, exchange: str, key: str) -> None:
        """Receive the messages of an exchange with this routing key (on the topic exchange: binding key), for good.

        The exchanges are those of `qmf.wire.addresses`. Subscriptions are restored after a reconnection.
        """

    def start(self, on_message: Callable[[Message], None], on_state: Callable[[ConnectionState, str], None]) -> None:
        """Connect, and stay connected. Both callbacks run in the transport's thread and must not block long."""

    def reply_to(self, key: str) -> str:
        """Return the reply address of a subscribed key, as this broker writes it: valid from CONNECTED on."""

    def send(self, message: Message) -> bool:
        """Queue a message; return False when it was dropped, which is counted: not connected, no credit."""

    def schedule(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once in the transport's thread after this time."""

    @property
    def dropped(self) -> int:
        """Messages dropped since the start: not connected, no credit, a full queue, not decodable."""

    def close(self) -> None:
        """Send queued messages for a bounded time, disconnect, and end the thread."""


class ConnectionState(StrEnum):
    """A change of the connection; the text reported with it names the peer or the reason."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    REFUSED = "refused"
    """Authentication failed, or the peer does not accept us; the transport tries again."""


def open_transport(options: TransportOptions) -> Transport:
    """Return the transport for these options, not yet started.

    Raise Unavailable, which names the wrong option or the missing package.
    """
    if options.listen is not None:
        from .embedded.transport import EmbeddedTransport

        return EmbeddedTransport(options)
    from .broker.transport import BrokerTransport

    return BrokerTransport(options)
