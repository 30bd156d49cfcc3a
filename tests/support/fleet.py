"""Agents to talk to, made of the protocol library's answering side on a real transport."""

import threading
import time
from collections.abc import Iterable
from dataclasses import replace

from hostinfo.agent.qmf import (
    DataObject,
    Event,
    Message,
    Responder,
    data_indications,
    event_indication,
    heartbeat,
)
from hostinfo.agent.qmf.wire.addresses import LOCATE_BINDING, direct_exchange, topic_exchange
from hostinfo.agent.transport import ConnectionState, Transport, TransportOptions, open_transport


class Fleet:
    """Any number of agents behind one transport; a context manager. `silent` ones hear, and say nothing."""

    def __init__(self, responders: Iterable[Responder], options: TransportOptions | None = None) -> None:
        self.responders = {str(responder.identity.name): responder for responder in responders}
        self.silent: set[str] = set()
        self.cut: dict[str, int] = {}  # agent name -> messages of an answer that get through
        self.heard: list[Message] = []
        self.transport: Transport = open_transport(options or TransportOptions(listen="amqp://127.0.0.1:0"))
        self._connected = threading.Event()

    def __enter__(self) -> "Fleet":
        for name in self.responders:
            self.transport.subscribe(direct_exchange(), name)
        self.transport.subscribe(topic_exchange(), LOCATE_BINDING)
        self.transport.start(self._on_message, self._on_state)
        assert self._connected.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()

    @property
    def url(self) -> str:
        found: str = self.transport.url  # type: ignore[attr-defined]  # only the embedded one has it
        return found

    def announce(self) -> None:
        for responder in self.responders.values():
            self.transport.send(heartbeat(responder.identity, time.time_ns()))

    def tell(self, name: str, event: Event) -> None:
        self.transport.send(event_indication(self.responders[name].identity, event))

    def indicate(self, name: str, objects: Iterable[DataObject]) -> None:
        for message in data_indications(self.responders[name].identity, objects):
            self.transport.send(message)

    def restart(self, name: str) -> None:
        responder = self.responders[name]
        responder.identity = replace(responder.identity, epoch=responder.identity.epoch + 1)
        self.announce()

    def tick(self) -> None:
        """What an agent's timer does: subscribers get what changed."""
        for responder in self.responders.values():
            for message in responder.publish_due(time.time_ns()):
                self.transport.send(message)

    def _on_message(self, message: Message) -> None:
        self.heard.append(message)
        name = message.subject or ""
        for asked in [name] if name in self.responders else list(self.responders):
            if asked in self.silent:
                continue
            answers = self.responders[asked].handle(message, time.time_ns())
            for number, answer in enumerate(answers):
                if number < self.cut.get(asked, 10**9):
                    self.transport.send(answer)

    def _on_state(self, state: ConnectionState, _text: str) -> None:
        if state is ConnectionState.CONNECTED:
            self._connected.set()
