"""Agents in this process: the protocol library's agent side on a real transport."""

import threading
import time
from collections.abc import Iterable
from dataclasses import replace

from hostinfo.agent.qmf import (
    AgentName,
    DataObject,
    Event,
    Message,
    Query,
    Responder,
    data_indications,
    event_indication,
    heartbeat,
)
from hostinfo.agent.qmf.wire.addresses import LOCATE_BINDING, direct_exchange, topic_exchange
from hostinfo.agent.transport import ConnectionState, Transport, TransportOptions, open_transport

from . import qmf_node

PROCESSORS = Query.from_text(f"{{class: processor, package: '{qmf_node.PACKAGE}'}}")


def fleet_agent(number: int, processors: int = 20) -> Responder:
    """An agent on node NUMBER; its attribute ``memory`` is the number, too."""
    made = qmf_node.responder(processors)
    attributes = {"hostname": f"node{number}", "uuid": f"{number:08x}-2222-3333-4444-555555555555", "memory": number}
    name = AgentName("example.org", "hostinfo", f"i{number}")
    made.identity = replace(made.identity, name=name, attributes=attributes)
    return made


def agent_name(number: int) -> str:
    return f"example.org:hostinfo:i{number}"


class Fleet:
    """Any number of agents behind one transport; a context manager. `silent` ones receive, but do not respond."""

    def __init__(self, responders: Iterable[Responder], options: TransportOptions | None = None) -> None:
        self.responders = {str(responder.identity.name): responder for responder in responders}
        self.silent: set[str] = set()
        self.cut: dict[str, int] = {}  # agent name -> messages of a response that are sent
        self.received: list[Message] = []
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

    def publish_event(self, name: str, event: Event) -> None:
        self.transport.send(event_indication(self.responders[name].identity, event))

    def publish_objects(self, name: str, objects: Iterable[DataObject]) -> None:
        for message in data_indications(self.responders[name].identity, objects):
            self.transport.send(message)

    def restart(self, name: str) -> None:
        responder = self.responders[name]
        responder.identity = replace(responder.identity, epoch=responder.identity.epoch + 1)
        self.announce()

    def tick(self) -> None:
        """Send to subscribers what changed, as an agent's timer does."""
        for responder in self.responders.values():
            for message in responder.publish_due(time.time_ns()):
                self.transport.send(message)

    def _on_message(self, message: Message) -> None:
        self.received.append(message)
        subject = message.subject or ""
        for name in [subject] if subject in self.responders else list(self.responders):
            if name in self.silent:
                continue
            responses = self.responders[name].handle(message, time.time_ns())
            for number, response in enumerate(responses):
                if number < self.cut.get(name, 10**9):
                    self.transport.send(response)

    def _on_state(self, state: ConnectionState, _text: str) -> None:
        if state is ConnectionState.CONNECTED:
            for responder in self.responders.values():
                responder.subscriptions.restart(time.time_ns())
            self._connected.set()
