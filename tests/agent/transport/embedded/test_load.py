"""Many peers, large answers, a broker that keeps failing: nothing grows without bound."""

import gc
import resource
import socket
import time

import pytest

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import TransportOptions
from tests.support.transport_helpers import AGENT, DIRECT, TOPIC, End, agent, request, until

pytest.importorskip("proton")
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
        with agent(max_connections=1_100) as node:
            host, port = node.url.removeprefix("amqp://").split(":")
            idle = [socket.create_connection((host, int(port)), 5) for _ in range(1_050)]
            until(lambda: node.transport.client_count == 1_050)  # type: ignore[attr-defined]
            with End(TransportOptions(urls=(node.url,)), (TOPIC, "r.1")).connected() as end:
                end.transport.send(request(end.transport, "r.1"))
                end.wait(lambda: len(end.messages) == 1)
            for sock in idle:
                sock.close()
            until(lambda: node.transport.client_count == 0)  # type: ignore[attr-defined]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_answer_of_twenty_megabytes_in_parts_arrives_whole_and_in_order() -> None:
    with (
        End(TransportOptions(listen="amqp://127.0.0.1:0"), (DIRECT, AGENT)).connected() as node,
        End(TransportOptions(urls=(node.url,)), (TOPIC, "r.1")).connected() as end,
    ):
        for number in range(200):
            node.transport.send(Message(address=TOPIC, subject="r.1", body={"n": number, "x": "x" * 100_000}))
        end.wait(lambda: len(end.messages) == 200, 20)
        bodies = [message.body for message in end.messages]
        assert [body["n"] for body in bodies if isinstance(body, dict)] == list(range(200))
        assert node.transport.dropped == 0


def test_memory_stays_flat_over_two_hundred_lost_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"amqp://127.0.0.1:{server.getsockname()[1]}"
        with End(TransportOptions(urls=(url,), retry_seconds=0.001), (TOPIC, "agent.#")) as end:

            def lose(times: int) -> int:
                for _ in range(times):
                    sock, _ = server.accept()
                    sock.recv(8)
                    sock.close()
                gc.collect()
                return resident_kib()

            lose(100)
            before = lose(10)
            after = lose(200)
            assert len(end.states) >= 300
        assert after - before < 2_000, f"{after - before} KiB more after 200 connections"


def test_indications_that_nobody_receives_cost_microseconds() -> None:
    with agent() as node:
        message = Message(address=TOPIC, subject="agent.ind.data.p.c.v.p.i", body={"x": [1] * 10_000})
        started = time.monotonic()
        for _ in range(2_000):
            node.transport.send(message)
        done = []
        node.transport.schedule(0, lambda: done.append(1))
        until(lambda: done)
        assert time.monotonic() - started < 1
