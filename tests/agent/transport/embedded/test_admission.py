"""Connections that never log in take neither the place of clients nor the descriptors of the agent's own reading."""

import json
import random
import resource
import socket
import subprocess
import sys

import pytest

from hostinfo.agent.transport import TransportOptions
from hostinfo.agent.transport.embedded.admission import Admission, source_of
from hostinfo.agent.transport.embedded.descriptors import MAX_PENDING, RESERVE, share
from tests.support.transport_helpers import ANONYMOUS_OPEN, TOPIC, Peer, embedded_agent, host_and_port, request

pytest.importorskip("proton")


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_ipv6_source_is_its_network(address: str, source: str) -> None:
    assert source_of(address) == source


def test_a_flood_closes_only_its_own_connections() -> None:
    admission: Admission[int] = Admission(10, 100, choose=random.Random(1).choice)
    admission.add(-1, "quiet")
    closed = set()
    for number in range(5_000):
        surplus = admission.connection_to_close("flood")
        if surplus is not None:
            admission.remove(surplus)
            closed.add(surplus)
        admission.add(number, "flood")
        assert admission.pending <= 100
    assert -1 not in closed
    assert len(closed) == 5_000 + 1 - 100
    assert admission.open(-1)


def test_the_newest_connections_of_the_flooding_source_are_kept_for_a_while() -> None:
    admission: Admission[int] = Admission(10, 100)
    for number in range(100):
        admission.add(number, "flood")
    surplus = admission.connection_to_close("flood")
    assert surplus is not None
    assert surplus < 25


def test_pending_connections_take_no_place_of_a_client() -> None:
    admission: Admission[int] = Admission(2, 3)
    for number in range(3):
        admission.add(number, "a")
    assert admission.open(0)
    assert admission.open(1)
    assert not admission.open(2)
    admission.remove(0)
    assert admission.open(2)
    assert (len(admission), admission.pending) == (2, 0)


@pytest.mark.parametrize("descriptors", [-100, 0, 50, 896, 10_000])
def test_limits_fit_into_the_descriptors(descriptors: int) -> None:
    clients, pending = share(descriptors, 1_024)
    assert clients >= 4
    assert 4 <= pending <= MAX_PENDING
    assert clients + pending <= max(descriptors, 8)


AGENT_WITH_FEW_DESCRIPTORS = """
import json, os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (400, 400))
from tests.support.transport_helpers import embedded_agent
with embedded_agent() as agent:
    print(agent.url, flush=True)
    for line in sys.stdin:
        opened = [os.open("/proc/stat", os.O_RDONLY) for _ in range(int(line))]
        for descriptor in opened:
            os.close(descriptor)
        print(json.dumps(len(opened)), flush=True)
"""


def test_files_can_be_opened_while_silent_connections_use_all_descriptors_they_may() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", AGENT_WITH_FEW_DESCRIPTORS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        address = host_and_port(process.stdout.readline().strip())
        silent = [socket.create_connection(address, 5) for _ in range(300)]
        clients = []
        for _ in range(300):
            clients.append(socket.create_connection(address, 5))
            clients[-1].sendall(ANONYMOUS_OPEN)
        for client in clients[:100]:
            assert client.recv(1)
        process.stdin.write(f"{RESERVE - 40}\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == RESERVE - 40
        process.stdin.close()
        for sock in (*silent, *clients):
            sock.close()


def test_a_client_is_served_and_another_source_keeps_its_place_during_a_flood() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with embedded_agent() as agent:
        host, port = host_and_port(agent.url)
        quiet = socket.create_connection((host, port), 5, source_address=("127.0.0.2", 0))
        flood = [socket.create_connection((host, port), 5) for _ in range(3 * MAX_PENDING)]
        with Peer(TransportOptions(urls=(agent.url,)), (TOPIC, "r.1")).connected() as console:
            console.transport.send(request(console.transport, "r.1"))
            console.wait(lambda: len(console.messages) == 1)
        quiet.settimeout(0.2)
        with pytest.raises(TimeoutError):
            quiet.recv(1)  # not closed
        for sock in (quiet, *flood):
            sock.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
