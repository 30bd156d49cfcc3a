"""A link that a client receives by, and its queue."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from ..amqp.flow_control import may_send
from ..amqp.proton_library import load_proton

if TYPE_CHECKING:
    from .message_queue import MessageQueue

MAX_UNSETTLED = 1_000


class Consumer:
    """Sends the queue's messages while the client gives credit and reads."""

    __slots__ = ("_session", "_tags", "is_presettled", "link", "queue")

    def __init__(self, link: Any, queue: MessageQueue) -> None:
        self.link, self.queue = link, queue
        self._session = link.session  # proton makes a new object for each access
        self.is_presettled = link.remote_snd_settle_mode != load_proton().Link.SND_UNSETTLED
        self._tags = itertools.count()

    def flush(self) -> None:
        """Send as many messages as credit, socket and unsettled deliveries allow."""
        link = self.link
        while link.unsettled < MAX_UNSETTLED and may_send(link, self._session):
            item = self.queue.take()
            if item is None:
                if link.drain_mode:
                    link.drained()
                return
            delivery = link.delivery(str(next(self._tags)))
            link.stream(item[0])
            link.advance()
            if self.is_presettled:
                delivery.settle()
