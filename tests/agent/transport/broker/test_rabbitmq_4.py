"""RabbitMQ 4 as it is installed: no exchange, queue or policy is made for it beforehand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import ConnectionState, TransportOptions
from tests.support.command import ROOT
from tests.support.rabbitmq import RabbitMq
from tests.support.transport_helpers import (
    AGENT,
    DIRECT,
    TOPIC,
    Peer,
    connect_agent,
    connect_console,
    wait_until,
)

pytest.importorskip("proton")
pytestmark = pytest.mark.slow


def test_a_subscription_made_later_receives(broker: RabbitMq) -> None:
    with connect_console(broker.url, "a.#") as console:
        console.transport.subscribe(TOPIC, "later.#")
        wait_until(lambda: "later.#" in broker.control("list_bindings", "routing_key"))
        console.transport.send(Message(address=TOPIC, subject="later.x", body={"n": 1}))
        console.wait(lambda: bool(console.messages))


def test_an_agent_whose_name_is_not_ascii_is_reached(broker: RabbitMq) -> None:
    key = "50%:ä:1"
    with Peer(TransportOptions(urls=(broker.url,)), (DIRECT, key)).connected() as agent:
        agent.transport.send(Message(address=DIRECT, subject=key, body={}))
        agent.wait(lambda: len(agent.messages) == 1)


def test_a_connection_has_one_queue_of_its_own_and_leaves_nothing_behind(broker: RabbitMq) -> None:
    before = broker.queues()
    program = f"""
import sys, time
from tests.support.transport_helpers import *
from hostinfo.agent.transport import TransportOptions
peer = Peer(TransportOptions(urls=({broker.url!r},)), (DIRECT, "killed:a:1"), (TOPIC, "console.#")).connected()
print("ready", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        (queue,) = set(broker.queues()) - set(before)
        assert queue.startswith("qmf.default.hostinfo-")
        process.kill()
    wait_until(lambda: broker.queues() == before, 30)


@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        (("", ".*", ".*"), "declare the queue qmf.default.hostinfo-"),
        ((".*", "", ".*"), "write access to queue 'qmf.default.hostinfo-"),
        ((".*", ".*", ""), f"read access to exchange '{DIRECT}' in vhost '/' refused for user 'guest'"),
    ],
)
def test_a_missing_right_is_named(broker: RabbitMq, rights: tuple[str, str, str], missing: str) -> None:
    broker.control("set_permissions", "guest", *rights)
    try:
        with connect_agent(broker.url) as agent:
            agent.wait(lambda: bool(agent.states))
            assert agent.states[0][0] is ConnectionState.DISCONNECTED
            assert missing in agent.states[0][1]
            broker.control("set_permissions", "guest", r"^qmf\.", r"^qmf\.", r"^qmf\.")  # as documented
            agent.connected(1, 40)
    finally:
        broker.control("set_permissions", "guest", ".*", ".*", ".*")


def test_a_user_who_may_not_declare_exchanges_uses_those_that_exist(broker: RabbitMq) -> None:
    with connect_agent(broker.url).connected():
        pass
    broker.control("set_permissions", "guest", r"^qmf\.default\.hostinfo-", ".*", ".*")
    try:
        with connect_agent(broker.url).connected() as agent:
            agent.transport.send(Message(address=DIRECT, subject=AGENT, body={}))
            agent.wait(lambda: bool(agent.messages))
    finally:
        broker.control("set_permissions", "guest", ".*", ".*", ".*")


def test_a_killed_broker_is_found_within_two_seconds_of_its_return_and_no_old_message_follows(broker: RabbitMq) -> None:
    with connect_agent(broker.url) as agent, connect_console(broker.url, "agent.ind.#") as console:
        agent.connected()
        broker.kill()
        agent.wait(lambda: agent.state is not ConnectionState.CONNECTED)
        console.wait(lambda: console.state is not ConnectionState.CONNECTED)
        assert not agent.transport.send(Message(address=TOPIC, subject="agent.ind.x", body={"stale": 1}))
        thread = threading.Thread(target=broker.start)
        thread.start()
        agent.connected(2, 60)
        console.connected(2, 60)
        thread.join()
        console.messages.clear()
        agent.transport.send(Message(address=TOPIC, subject="agent.ind.x", body={"fresh": 1}))
        console.wait(lambda: bool(console.messages))
        assert [message.body for message in console.messages] == [{"fresh": 1}]
        assert len(broker.queues()) == 2


def test_a_frozen_broker_is_left_within_two_heartbeats(broker: RabbitMq) -> None:
    options = TransportOptions(urls=(broker.url,), heartbeat_seconds=2)
    with Peer(options, (DIRECT, AGENT)).connected() as agent:
        pid = broker.pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            before = time.monotonic()
            agent.wait(lambda: agent.state is not ConnectionState.CONNECTED, 20)
            assert time.monotonic() - before < 2 * 2 + 2
        finally:
            os.kill(pid, signal.SIGCONT)
        agent.connected(2, 60)
