"""The sessions and links of a connection to a broker, as proton's objects."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ..amqp.binding_filters import binding_filter
from ..amqp.flow_control import CREDIT
from ..amqp.proton_library import load_proton
from .connection_actions import AttachReceiver, AttachSender, DropSender, EndSession, SessionKind
from .sender import Sender

if TYPE_CHECKING:
    from ...qmf.wire.message import Message

_logger = logging.getLogger(__name__)
MAX_MESSAGE_BYTES = 16 << 20
OFFSET_FILTER = "rabbitmq:stream-offset-spec"


def offset_filter(offset: str | int) -> dict[Any, Any]:
    """Return the filter of a source that begins in a stream, rabbitmq.com/docs/stream-filtering."""
    proton = load_proton()
    name = proton.symbol(OFFSET_FILTER)
    value = proton.ulong(offset) if isinstance(offset, int) else offset
    return {name: proton.Described(name, value)}


class LinkTable:
    """Opens and drops sessions and links; sessions are opened when the first link needs them."""

    def __init__(self, connection: Any, url: str) -> None:
        """`url`: the broker's, for warnings."""
        self._connection, self._url = connection, url
        self._sessions: dict[SessionKind, Any] = {}
        self._senders: dict[str, Sender] = {}
        self.dropped = 0
        """Messages that were dropped from the queues of senders."""

    def attach_receiver(self, action: AttachReceiver) -> None:
        """Open a link to receive by, and give it credit."""
        link = self._session(SessionKind.SUBSCRIPTIONS).receiver(action.name)
        link.source.address = action.address
        modes = load_proton().Link
        link.snd_settle_mode = modes.SND_UNSETTLED if action.is_queue else modes.SND_SETTLED
        if action.offset is not None:
            link.source.filter.put_dict(offset_filter(action.offset))
        if action.binding_key is not None:
            link.source.filter.put_dict(binding_filter(action.binding_key, is_topic=action.is_topic))
        link.open()
        link.flow(CREDIT)

    def attach_sender(self, action: AttachSender) -> None:
        """Open a link to send by."""
        self._senders[action.name] = Sender(
            self._session(action.session),
            action.name,
            action.address,
            self._count_dropped,
            is_settled=action.is_settled,
        )

    def drop_sender(self, action: DropSender) -> None:
        """Forget a link to send by, with its queue."""
        sender = self._senders.pop(action.name)
        self.dropped += sender.queued
        if action.warning:
            _logger.warning("%s: %s", self._url, action.warning)
        if action.must_close:
            sender.link.close()

    def end_session(self, action: EndSession) -> None:
        """Forget a session."""
        _logger.warning("%s: %s", self._url, action.warning)
        del self._sessions[action.session]

    def kind_of(self, session: Any) -> SessionKind | None:
        """Return what a session is for; None when it is not known here."""
        return next((kind for kind, known in self._sessions.items() if known == session), None)

    def send(self, name: str, data: bytes, ttl_ms: int | None, unsettled: Message | None) -> bool:
        """Send or queue an encoded message over this link; return False when it was dropped.

        `unsettled`: the message if its outcome matters.
        """
        return self._senders[name].send(data, ttl_ms, unsettled)

    def settle(self, link: Any, delivery: Any) -> tuple[Message | None, bool]:
        """Settle a delivery; return the message, if its outcome matters, and whether the broker took it."""
        sender = self._senders.get(link.name)
        return sender.settle(delivery) if sender is not None else (None, False)

    def flush(self, name: str | None = None) -> None:
        """Send what is queued for this link, or for all."""
        if name is None:
            for sender in self._senders.values():
                sender.flush()
        elif name in self._senders:
            self._senders[name].flush()

    @property
    def are_senders_idle(self) -> bool:
        """Whether everything queued is on the way to the socket."""
        return all(sender.is_idle for sender in self._senders.values())

    def _session(self, kind: SessionKind) -> Any:
        session = self._sessions.get(kind)
        if session is None:
            session = self._sessions[kind] = self._connection.session()
            session.incoming_capacity = 2 * MAX_MESSAGE_BYTES
            session.open()
        return session

    def _count_dropped(self, messages: int) -> None:
        self.dropped += messages
