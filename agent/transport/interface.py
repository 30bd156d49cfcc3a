"""What every transport offers, and what it reports."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..qmf.wire.message import Message

MessageHandler: TypeAlias = "Callable[[Message], None]"
StateHandler: TypeAlias = "Callable[[ConnectionState, str], None]"


def ignore_message(_message: Message) -> None:
    """Do nothing: the handler of messages that nothing depends on."""


class Transport(Protocol):
    """Sends and receives messages; every method may be called from any thread."""

    def subscribe(self, exchange: str, key: str) -> None:
        """Receive the messages of an exchange with this routing key (on the topic exchange: binding key), for good.

        The exchanges are those of `qmf.wire.addresses`. Subscriptions are restored after a reconnection.
        """

    def start(
        self, on_message: MessageHandler, on_state: StateHandler, on_unroutable: MessageHandler = ignore_message
    ) -> None:
        """Connect, and stay connected. The callbacks run in the transport's thread and must not block long.

        `on_unroutable` gets each request, a message with a reply address, that the broker could deliver to no queue.
        Not every broker reports that: see `reports_unroutable`.
        """

    @property
    def reports_unroutable(self) -> bool:
        """Whether this broker reports requests that it could deliver to no queue; valid from CONNECTED on."""

    def reply_to(self, key: str) -> str:
        """Return the reply address of a subscribed key, as this broker writes it: valid from CONNECTED on."""

    def send(self, message: Message) -> bool:
        """Queue a message; return False when it was dropped, which is counted: not connected, no credit."""

    def settle(self, message: Message) -> None:
        """Remove a message from the queue that it was received from (`TransportOptions.queue`); others: do nothing."""

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
