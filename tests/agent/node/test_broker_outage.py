"""The agent with a broker that is stopped and restarted, or whose host is unreachable for a time."""

import itertools
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import hostinfo
from hostinfo.agent.qmf import (
    AgentAnnouncement,
    DataObject,
    Event,
    Indication,
    Message,
    parse_agent_message,
    topic_exchange,
)
from hostinfo.agent.transport import TransportOptions, open_transport
from tests.support.agent_process import Agent, enter, until
from tests.support.namespaces import private_network

pytest.importorskip("proton", reason="needs python-qpid-proton")
WITHIN_SECONDS = 5.0
"""The agent sends a heartbeat so soon after a broker is reachable again: two seconds, and more on a busy machine."""
_numbers = itertools.count(1)


class Broker:
    """Only the exchanges, on a port of loopback."""

    def __init__(self, url: str = "amqp://127.0.0.1:0", namespace: str | None = None) -> None:
        self.messages: list[Message] = []
        options = TransportOptions(listen=url, allow_cleartext=True, allow_anonymous=True)
        self._transport = open_transport(options)
        self._transport.subscribe(topic_exchange(), "agent.#")
        starter = threading.Thread(target=self._start, args=(namespace,))
        starter.start()
        starter.join()
        self.url: str = self._transport.url  # type: ignore[attr-defined]

    def _start(self, namespace: str | None) -> None:
        if namespace is not None:
            enter(namespace)
        self._transport.start(self.messages.append, lambda *_: None)

    def received(self) -> list[Any]:
        return [one for message in list(self.messages) if (one := parse_agent_message(message)) is not None]

    def close(self) -> None:
        self._transport.close()


@contextmanager
def running_agent(*arguments: str) -> Iterator[Agent]:
    command = [sys.executable, "-m", "hostinfo", "agent", "--statistics-seconds", "1", *arguments]
    running = Agent(command, {})
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.close()


def at_once(folder: Path) -> tuple[str, str]:
    """Return the options of an agent that does not wait for others of its fleet."""
    path = folder / "agent.toml"
    path.write_text("[broker]\nspread_seconds = 0\nallow_cleartext = true\nallow_anonymous = true\n")
    return ("--config", str(path))


def test_after_an_outage_it_sends_a_heartbeat_at_once_and_nothing_stale(tmp_path: Path) -> None:
    broker = Broker()
    with running_agent(*at_once(tmp_path), "--broker", broker.url) as running:
        try:
            until(lambda: any(isinstance(one, Indication) for one in broker.received()), 20)
            assert isinstance(broker.received()[0], AgentAnnouncement)
            until(lambda: len(_events(broker, "agentStarted")) == 1, 20)
            (started,) = _events(broker, "agentStarted")
            assert started.values["version"] == hostinfo.__version__
            for outage in (3, 0.1, 6):
                broker.close()
                running.wait_for("disconnected")
                time.sleep(outage)  # some intervals of statistics, which are dropped
                back_ns = time.time_ns()
                broker = Broker(broker.url)
                until(lambda: len(broker.received()) > 0, WITHIN_SECONDS)  # noqa: B023
                assert isinstance(broker.received()[0], AgentAnnouncement), "the first message is a heartbeat"
                assert broker.received()[0].timestamp >= back_ns
                until(lambda: len(_statistics(broker)) >= 2, 20)  # noqa: B023
                # The first is the latest sample, published again for late consoles; no older one follows.
                assert all(one.update_ts >= back_ns for one in _statistics(broker)[1:])
                # It did not restart; the event may come again, for consoles that have not received it.
                assert all(
                    event.values["epoch"] == started.values["epoch"] for event in _events(broker, "agentStarted")
                )
            assert running.end() == 0
            running.wait_for(r"stopped; \d+ messages were dropped")
        finally:
            broker.close()


@pytest.fixture
def remote_host() -> Iterator[tuple[str, str]]:
    """A namespace as another host, and the address that it lacks: without it, it does not respond."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and iproute2: creates a network namespace")
    number = next(_numbers)
    name = f"hi{os.getpid() % 100_000}-{number}"
    own, remote = private_network(number)
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        _ip("link", "add", name, "type", "veth", "peer", "name", "wire", "netns", name)
        _ip("addr", "add", f"{own}/30", "dev", name)
        _ip("link", "set", name, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "link", "set", "wire", "up")
        yield name, remote
    finally:
        subprocess.run(["ip", "link", "del", name], check=False)  # the namespace may still be in use for a moment
        subprocess.run(["ip", "netns", "del", name], check=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, timeout=20)


@pytest.mark.root
@pytest.mark.parametrize("is_known", [True, False], ids=["packets are lost", "no such neighbour"])
def test_a_broker_on_a_host_that_was_unreachable_is_found_soon(
    remote_host: tuple[str, str], tmp_path: Path, is_known: bool
) -> None:
    namespace, address = remote_host
    if is_known:  # packets are sent without response; otherwise the kernel knows that there is no such host
        shown = subprocess.check_output(["ip", "-n", namespace, "-o", "link", "show", "wire"], text=True)
        mac = shown.partition("link/ether ")[2].split()[0]
        _ip("neigh", "replace", address, "lladdr", mac, "dev", namespace, "nud", "permanent")
    broker = Broker("amqp://0.0.0.0:5672", namespace)
    try:
        with running_agent(*at_once(tmp_path), "--broker", f"amqp://{address}:5672") as running:
            running.wait_for("disconnected: .*(no answer|No route)", 20)
            time.sleep(10)  # an exponential backoff would be long by now
            _ip("-n", namespace, "addr", "add", f"{address}/30", "dev", "wire")
            until(lambda: len(broker.received()) > 0, WITHIN_SECONDS, lambda: str(running.stderr_lines))
            assert isinstance(broker.received()[0], AgentAnnouncement)
    finally:
        broker.close()


def _events(broker: Broker, name: str) -> list[Event]:
    return [one for one in _published(broker, name) if isinstance(one, Event)]


def _statistics(broker: Broker) -> list[DataObject]:
    return [one for one in _published(broker, "hostStatistics") if isinstance(one, DataObject)]


def _published(broker: Broker, name: str) -> Iterator[Any]:
    for indication in broker.received():
        for item in indication.items if isinstance(indication, Indication) else ():
            schema_id = getattr(item, "schema_id", None)
            if schema_id is not None and schema_id.name == name:
                yield item
