"""What a connection to a broker has to do: pure decisions over plain values, for `connection.BrokerConnection`.

Nothing here touches a socket, a clock or proton: methods take what happened, and return what must be done. Links are
identified by names, which are chosen here.

Several sessions, because RabbitMQ ends the whole session when it refuses one address: subscriptions, the exchanges, the
exchanges for events, whose messages the broker confirms, the queues that requests named as their reply address, and the
management node where queues have to be declared.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ...qmf.wire.addresses import V1_EXCHANGE, direct_exchange, topic_exchange
from ...qmf.wire.topic import TopicPattern
from .address_schemes import DEFAULT_EXCHANGE, AddressScheme, Target, choose_address_scheme
from .connection_actions import (
    Action,
    AttachReceiver,
    AttachSender,
    DropSender,
    EndSession,
    Fail,
    ReportReady,
    ReportRepaired,
    SessionKind,
)
from .queue_setup import QueueSetup
from .self_check import is_check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...qmf.wire.message import Message

MAX_SENDERS = 64


class Phase(Enum):
    """The state of the connection; the drawing is in `BrokerConnectionLogic`."""

    OPENING = "opening"
    ATTACHING = "attaching"
    READY = "ready"
    DRAINING = "draining"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A subscription; with `pattern`, messages that do not match it are ignored."""

    exchange: str
    pattern: TopicPattern | None

    def accepts(self, subject: str | None) -> bool:
        """Whether a message with this subject is part of the subscription."""
        return self.pattern is None or self.pattern.matches(subject or "")


class BrokerConnectionLogic:
    """The links of one connection, by what happened to it.

    The states of the connection::

        OPENING ---broker's open---> ATTACHING ---last subscription attached---> READY
           |                             |                                         |
           +-----------------------------+------------close------------------------+---> DRAINING
                                         |                                         |
                                         +---------a subscription is lost----------+---> FAILED

    A subscription is lost when the broker closes its link or session, or sends a message that is too large. DRAINING
    lasts until all senders are idle, then the connection is closed. Every state ends in ENDED, when the socket is
    closed.

    A later subscription changes no state. Neither does the loss of a sender, or of a session for senders: they are
    opened again when needed.
    """

    def __init__(
        self,
        domain: str,
        address_scheme: str,
        link_prefix: str,
        *,
        others_queue: str | None = None,
        offset: str | int | None = None,
    ) -> None:
        """`others_queue`: receive from this queue, from this offset, instead of subscribing."""
        self._others_queue, self._offset = others_queue, offset
        self.phase = Phase.OPENING
        self.scheme = AddressScheme()
        self.receivers: dict[str, Receiver] = {}
        self.attaching: set[str] = set()
        """Receivers that the broker has not attached yet."""
        self.senders: OrderedDict[tuple[str | None, SessionKind], AttachSender] = OrderedDict()
        """Senders by address and session, the most recently used last."""
        self._address_scheme, self._link_prefix = address_scheme, link_prefix
        self._topic_exchange = topic_exchange(domain)
        self._direct_exchange = direct_exchange(domain)
        self._exchanges = {self._topic_exchange, self._direct_exchange, V1_EXCHANGE}
        self._queue = f"qmf.{domain}.{link_prefix}"
        self._setup: QueueSetup | None = None
        self._numbers = itertools.count(1)

    def on_open(self, properties: object, subscriptions: Iterable[tuple[str, str]]) -> list[Action]:
        """Attach the subscriptions (exchange, key), now that the broker has opened with these properties."""
        self.scheme = choose_address_scheme(self._address_scheme, properties if isinstance(properties, dict) else None)
        if self.phase is Phase.OPENING:
            self.phase = Phase.ATTACHING
        if self._others_queue is not None:
            if self._offset is not None and not self.scheme.has_offsets:
                return self._fail("amqp:not-implemented", f"{self.scheme.name} has no offsets; RabbitMQ 4 has")
            return [self._attach_others_queue(self._others_queue)]
        if self.scheme.declares_queue:
            return self._set_up_queue(subscriptions)
        actions = [action for exchange, key in subscriptions for action in self.subscribe(exchange, key)]
        return actions + self._check_ready()

    def subscribe(self, exchange: str, key: str) -> list[Action]:
        """Attach a subscription; in OPENING do nothing, because `on_open` gets it too."""
        if self.phase not in (Phase.ATTACHING, Phase.READY) or self._others_queue is not None:
            return []
        if self._setup is not None:
            return self._setup.subscribe(exchange, key)
        name, scheme = self._new_name(), self.scheme
        self.receivers[name] = Receiver(exchange, TopicPattern(key) if scheme.filters_locally else None)
        self.attaching.add(name)
        binding_key = key if scheme.has_filter else None
        is_topic = exchange == self._topic_exchange
        return [AttachReceiver(name, scheme.source(exchange, key), binding_key, is_topic=is_topic)]

    def repair(self, subscriptions: Iterable[tuple[str, str]]) -> list[Action]:
        """Declare the bindings of these subscriptions again, where clients declare them."""
        return [ReportRepaired()] if self._setup is None else self._setup.repair(subscriptions)

    @property
    def checked_exchanges(self) -> frozenset[str]:
        """The exchanges through which a message to oneself must come back; none where nodes may be queues."""
        has_own = self.scheme.has_exchanges and self._others_queue is None
        return frozenset({self._topic_exchange, self._direct_exchange} if has_own else ())

    @property
    def queue(self) -> str | None:
        """The one queue of this connection, where clients declare it."""
        if self._others_queue is not None:
            return self._others_queue
        return self._queue if self.scheme.declares_queue else None

    def _attach_others_queue(self, queue: str) -> AttachReceiver:
        name = self._new_name()
        self.receivers[name] = Receiver(DEFAULT_EXCHANGE, None)
        self.attaching.add(name)
        address = self.scheme.queue(queue)
        return AttachReceiver(name, address, None, is_topic=False, is_queue=True, offset=self._offset)

    def _set_up_queue(self, subscriptions: Iterable[tuple[str, str]]) -> list[Action]:
        name = self._new_name()
        self.receivers[name] = Receiver(DEFAULT_EXCHANGE, None)
        self.attaching.add(name)
        receiver = AttachReceiver(name, self.scheme.source(DEFAULT_EXCHANGE, self._queue), None, is_topic=False)
        exchanges = {self._topic_exchange: "topic", self._direct_exchange: "direct"}
        self._setup = QueueSetup(self._queue, receiver, exchanges)
        return self._setup.start(subscriptions)

    def on_management_response(self, number: int, status: int, text: str) -> list[Action]:
        """Note the management node's response to a request."""
        return self._checked(self._setup.on_response(number, status, text)) if self._setup is not None else []

    def on_link_open(self, name: str, *, has_source: bool) -> list[Action]:
        """Note a link that the broker opened; one without a source address is refused, and will be closed."""
        if not has_source or name not in self.attaching:
            return []
        self.attaching.discard(name)
        return self._check_ready()

    def on_link_end(self, name: str, reason: str) -> list[Action]:
        """Fail when the broker closed a subscription; forget a sender."""
        if name in self.receivers:
            return self._fail("amqp:link", f"the broker ended a subscription: {reason}")
        ended = [sender for sender in self.senders.values() if sender.name == name]
        return [self._drop(sender, warning=f"sender to {sender.address} ended: {reason}") for sender in ended]

    def on_session_end(self, kind: SessionKind | None, reason: str) -> list[Action]:
        """Fail when the broker ended the session of the subscriptions, or an unknown one (None); forget another."""
        if kind is SessionKind.MANAGEMENT and self._setup is not None:
            return self._checked(self._setup.on_end(reason))
        if kind is None or kind is SessionKind.SUBSCRIPTIONS:
            return self._fail("amqp:session", f"the broker ended the session: {reason}")
        ended = [sender for sender in self.senders.values() if sender.session is kind]
        return [EndSession(kind, f"session for {kind.value} ended: {reason}"), *map(self._drop, ended)]

    def on_message_too_large(self, max_bytes: int) -> list[Action]:
        """Fail: the message cannot be skipped, because its bytes fill the session's window."""
        return self._fail("amqp:link:message-size-exceeded", f"a message over {max_bytes} bytes")

    def route(self, message: Message) -> tuple[Target, SessionKind]:
        """Return where to send a message, and in which session."""
        is_exchange = message.address in self._exchanges
        kind = SessionKind.EXCHANGES if is_exchange else SessionKind.QUEUES
        if is_exchange and message.message_id is not None:
            kind = SessionKind.EVENTS
        return self.scheme.target(message, is_exchange=is_exchange), kind

    def wants_outcome(self, message: Message) -> bool:
        """Whether to send a message unsettled, to learn whether the broker took it.

        Requests and checks, where the broker reports that it cannot deliver them; messages with an id always.
        """
        if message.message_id is not None:
            return True
        return self.scheme.reports_unroutable and (message.reply_to is not None or is_check(message))

    def use_sender(self, address: str | None, kind: SessionKind) -> tuple[str, list[Action]]:
        """Return the name of the sender to this address, and what opens it; the least recently used makes room."""
        known = self.senders.get((address, kind))
        if known is not None:
            self.senders.move_to_end((address, kind))
            return known.name, []
        actions: list[Action] = []
        if len(self.senders) >= MAX_SENDERS:
            actions.append(self._drop(next(iter(self.senders.values())), must_close=True))
        is_settled = not self.scheme.reports_unroutable and kind is not SessionKind.EVENTS
        sender = self.senders[address, kind] = AttachSender(self._new_name(), address, kind, is_settled=is_settled)
        return sender.name, [*actions, sender]

    def close(self) -> None:
        """Begin to drain: the connection may be closed once `may_close`."""
        if self.phase not in (Phase.FAILED, Phase.ENDED):
            self.phase = Phase.DRAINING

    def end(self) -> None:
        """Note that the socket is closed."""
        self.phase = Phase.ENDED

    def may_close(self, *, are_senders_idle: bool) -> bool:
        """Whether a draining connection has sent everything."""
        return self.phase is Phase.DRAINING and are_senders_idle

    def _check_ready(self) -> list[Action]:
        if self.phase is not Phase.ATTACHING or self.attaching:
            return []
        self.phase = Phase.READY
        return [ReportReady()]

    def _drop(self, sender: AttachSender, *, must_close: bool = False, warning: str = "") -> DropSender:
        del self.senders[sender.address, sender.session]
        return DropSender(sender.name, must_close, warning)

    def _checked(self, actions: list[Action]) -> list[Action]:
        if any(isinstance(action, Fail) for action in actions):
            self.phase = Phase.FAILED
        return actions

    def _fail(self, condition: str, text: str) -> list[Action]:
        self.phase = Phase.FAILED
        return [Fail(condition, text)]

    def _new_name(self) -> str:
        return f"{self._link_prefix}-{next(self._numbers)}"
