"""Many clients, large replies, a broker that keeps failing: memory and time stay bounded."""

import gc
import resource
import socket
import time
from functools import partial
from typing import Any

import pytest

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import TransportOptions
from hostinfo.agent.transport.amqp.engine import Engine
from hostinfo.agent.transport.embedded.client_connection import ClientConnection
from tests.support.transport_helpers import (
    AGENT,
    ANONYMOUS_OPEN,
    DIRECT,
    TOPIC,
    Peer,
    embedded_agent,
    host_and_port,
    request,
    wait_until,
)

proton = pytest.importorskip("proton")
from proton.utils import BlockingConnection  # noqa: E402

pytestmark = pytest.mark.slow


def resident_kib() -> int:
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def test_a_thousand_connections_are_served_by_one_thread() -> None:
    """More than select(2) could wait for: proton's own listener ends at file descriptor 1023."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4_096:
        pytest.skip("too few file descriptors allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4_096, hard))
    try:
        with embedded_agent(max_connections=1_100) as agent:
            idle = []
            for _ in range(1_050):
                sock = socket.create_connection(host_and_port(agent.url), 5)
                sock.sendall(ANONYMOUS_OPEN)
                assert sock.recv(1)
                idle.append(sock)
            wait_until(lambda: agent.transport.client_count == 1_050)  # type: ignore[attr-defined]
            with Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "r.1")).connected() as console:
                console.transport.send(request(console.transport, "r.1"))
                console.wait(lambda: len(console.messages) == 1)
            for sock in idle:
                sock.close()
            wait_until(lambda: agent.transport.client_count == 0)  # type: ignore[attr-defined]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_reply_of_twenty_megabytes_in_parts_arrives_complete_and_in_order() -> None:
    with (
        Peer(TransportOptions(listen="amqp://127.0.0.1:0"), (DIRECT, AGENT)).connected() as agent,
        Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "r.1")).connected() as console,
    ):
        for number in range(200):
            agent.transport.send(Message(address=TOPIC, subject="r.1", body={"n": number, "x": "x" * 100_000}))
        console.wait(lambda: len(console.messages) == 200, 20)
        bodies = [message.body for message in console.messages]
        assert [body["n"] for body in bodies if isinstance(body, dict)] == list(range(200))
        assert agent.transport.dropped == 0


def test_lost_connections_leave_no_memory_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"amqp://127.0.0.1:{server.getsockname()[1]}"
        with Peer(TransportOptions(urls=(url,), retry_seconds=0.001), (TOPIC, "agent.#")) as console:

            def lose_connections(times: int) -> int:
                """Return the resident memory afterwards."""
                for _ in range(times):
                    sock, _ = server.accept()
                    sock.recv(8)
                    sock.close()
                gc.collect()
                return resident_kib()

            lose_connections(100)
            before = lose_connections(10)
            after = lose_connections(200)
            assert len(console.states) >= 300
        assert after - before < 2_000, f"{after - before} KiB more after 200 connections"


def test_indications_without_a_receiver_cost_microseconds() -> None:
    with embedded_agent() as agent:
        message = Message(address=TOPIC, subject="agent.ind.data.p.c.v.p.i", body={"x": [1] * 10_000})
        start = time.monotonic()
        for _ in range(2_000):
            agent.transport.send(message)
        done = []
        agent.transport.schedule(0, lambda: done.append(1))
        wait_until(lambda: done)
        assert time.monotonic() - start < 1


def test_a_client_that_hoards_messages_does_not_silence_the_others() -> None:
    with embedded_agent(max_total_bytes=8 << 20) as agent:
        hoarder = BlockingConnection(agent.url, timeout=5)
        receivers: list[Any] = [hoarder.create_receiver(None, dynamic=True, credit=0) for _ in range(9)]
        sender: Any = hoarder.create_sender(None)
        for address in [receiver.link.remote_source.address for receiver in receivers] * 4:
            sender.send(proton.Message(address=address, body=b"x" * 900_000))
        last: Any = hoarder.create_receiver(None, dynamic=True, credit=0)
        for _ in range(300):  # they fill what the large ones left
            sender.send(proton.Message(address=last.link.remote_source.address, body=b"x" * 5_000))
        with Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "r.1")).connected() as console:
            for number in range(1, 20):
                console.transport.send(request(console.transport, "r.1", {"x": "x" * 50_000}))
                console.wait(partial(lambda count: len(console.messages) == count, number))
        hoarder.close()


def test_an_ended_connection_is_freed_without_the_garbage_collector() -> None:
    """A cycle would keep proton's buffers, 15 KiB for each connection, until a collection of the oldest generation."""

    def alive() -> int:
        return sum(type(found) in (ClientConnection, Engine) for found in gc.get_objects())

    with embedded_agent() as agent:
        gc.collect()
        gc.disable()
        try:
            for number in range(40):
                with socket.create_connection(host_and_port(agent.url), 5) as sock:
                    if number % 2:
                        sock.sendall(ANONYMOUS_OPEN)
                        assert sock.recv(1)
            wait_until(lambda: alive() <= 2)  # the loop holds its last event
        finally:
            gc.enable()
