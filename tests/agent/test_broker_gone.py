"""The agent at a broker (another process' exchange) that goes and comes back."""

import sys
import time
from typing import Any

import pytest

from hostinfo.agent.qmf import AgentSeen, DataObject, Indication, Message, read, topic_exchange
from hostinfo.agent.transport import TransportOptions, open_transport

from .running import Agent, until

pytest.importorskip("proton", reason="needs python-qpid-proton")


class Broker:
    """The exchanges alone, on a port of loopback."""

    def __init__(self, url: str = "amqp://127.0.0.1:0") -> None:
        self.messages: list[Message] = []
        self._transport = open_transport(TransportOptions(listen=url))
        self._transport.subscribe(topic_exchange(), "agent.#")
        self._transport.start(self.messages.append, lambda *_: None)
        self.url: str = self._transport.url  # type: ignore[attr-defined]

    def received(self) -> list[Any]:
        return [one for message in list(self.messages) if (one := read(message)) is not None]

    def close(self) -> None:
        self._transport.close()


def test_after_an_outage_it_announces_itself_at_once_and_sends_nothing_stale() -> None:
    broker = Broker()
    running = Agent([sys.executable, "-m", "hostinfo", "agent", "--broker", broker.url, "--interval", "1"], {})
    try:
        until(lambda: any(isinstance(one, Indication) for one in broker.received()), 20)
        assert isinstance(broker.received()[0], AgentSeen)
        broker.close()
        running.wait_for("disconnected")
        time.sleep(3)  # three intervals of statistics that nobody wants any more
        back_ns = time.time_ns()
        broker = Broker(broker.url)
        until(lambda: len(broker.received()) > 0, 20)
        assert isinstance(broker.received()[0], AgentSeen), "the first word is who it is"
        assert broker.received()[0].timestamp >= back_ns
        until(lambda: len(_statistics(broker)) >= 2, 20)
        # The first is the latest sample, shown once more to whoever came late; none of the outage's others follows.
        assert all(one.update_ts >= back_ns for one in _statistics(broker)[1:])
        assert running.end() == 0
        running.wait_for(r"ends; \d+ messages were dropped")
    finally:
        broker.close()
        if running.process.poll() is None:
            running.process.kill()
        running.close()


def _statistics(broker: Broker) -> list[DataObject]:
    told = [item for one in broker.received() if isinstance(one, Indication) for item in one.items]
    objects = [one for one in told if isinstance(one, DataObject) and one.schema_id is not None]
    return [one for one in objects if one.schema_id is not None and one.schema_id.name == "hostStatistics"]
