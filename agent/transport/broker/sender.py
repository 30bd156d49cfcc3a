"""A link that messages are sent over, with a short queue of those that the broker has not yet given credit for."""

from __future__ import annotations

import itertools
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..amqp.flow_control import may_send
from ..amqp.proton_library import load_proton

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...qmf.wire.message import Message

MAX_QUEUED_SECONDS = 10.0
MAX_MESSAGES = 1_000
MAX_BYTES = 16 << 20


class Sender:
    """Sends while the broker gives credit. When the queue is full or a message expired, the oldest are dropped."""

    def __init__(
        self,
        session: Any,
        name: str,
        address: str | None,
        on_dropped: Callable[[int], None],
        *,
        is_settled: bool = True,
    ) -> None:
        """Open the link; address None: an anonymous relay. `on_dropped` is called with a number of messages.

        `is_settled`: the outcome of no message matters.
        """
        self.link: Any = session.sender(name)
        self._session = session
        if address is not None:
            self.link.target.address = address
        else:
            self.link.target.type = load_proton().Terminus.TARGET
        modes = load_proton().Link
        self.link.snd_settle_mode = modes.SND_SETTLED if is_settled else modes.SND_MIXED
        self._on_dropped = on_dropped
        self._items: deque[tuple[bytes, float, Message | None]] = deque()
        self._unsettled: dict[str, Message] = {}
        self._size = 0
        self._tags = itertools.count()
        self.link.open()

    @property
    def queued(self) -> int:
        """Messages in the queue."""
        return len(self._items)

    @property
    def is_idle(self) -> bool:
        """Whether all messages are on the way to the socket."""
        return not (self._items or self.link.queued)

    def send(self, data: bytes, ttl_ms: int | None, unsettled: Message | None = None) -> bool:
        """Send or queue an encoded message; return False when it is too large and was dropped.

        `unsettled`: the message if its outcome matters.
        """
        if len(data) > MAX_BYTES:
            self._on_dropped(1)
            return False
        self._expire()
        while len(self._items) >= MAX_MESSAGES or (self._items and self._size + len(data) > MAX_BYTES):
            self._take()
            self._on_dropped(1)
        lifetime = min(MAX_QUEUED_SECONDS, ttl_ms / 1000 if ttl_ms else MAX_QUEUED_SECONDS)
        self._items.append((data, monotonic() + lifetime, unsettled))
        self._size += len(data)
        self.flush()
        return True

    def flush(self) -> None:
        """Send as many queued messages as the broker's credit and the socket allow."""
        self._expire()
        link = self.link
        while self._items and may_send(link, (self._session,)):
            data, unsettled = self._take()
            tag = str(next(self._tags))
            delivery = link.delivery(tag)
            link.stream(data)
            link.advance()
            if unsettled is None or len(self._unsettled) >= MAX_MESSAGES:
                delivery.settle()
            else:
                self._unsettled[tag] = unsettled

    def settle(self, delivery: Any) -> tuple[Message | None, bool]:
        """Settle a delivery with its outcome; return the message, if it matters, and whether the broker took it."""
        message = self._unsettled.pop(delivery.tag, None)
        outcome = delivery.remote_state
        delivery.settle()
        return message, outcome == load_proton().Delivery.ACCEPTED

    def _expire(self) -> None:
        now = monotonic()
        while self._items and self._items[0][1] < now:
            self._take()
            self._on_dropped(1)

    def _take(self) -> tuple[bytes, Message | None]:
        data, _, unsettled = self._items.popleft()
        self._size -= len(data)
        return data, unsettled
