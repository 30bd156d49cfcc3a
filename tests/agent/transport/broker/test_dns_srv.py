"""Brokers found by DNS, with a name server of the test."""

import socket
import threading
from collections.abc import Iterator

import pytest

from hostinfo import Unavailable
from hostinfo.agent.transport import ConnectionState, TransportOptions
from hostinfo.agent.transport.broker.dns_srv import find_brokers
from hostinfo.agent.transport.urls import Url
from tests.support.transport_helpers import Peer, embedded_agent

pytest.importorskip("proton")
pytest.importorskip("dns")
import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset

ZONE: dict[str, list[str]] = {
    "_amqps._tcp.both.example.": ["20 0 5671 b.both.example.", "10 0 5999 a.both.example."],
    "_amqp._tcp.both.example.": ["0 0 5672 c.both.example."],
}


def respond(query: bytes) -> bytes:
    request = dns.message.from_wire(query)
    response = dns.message.make_response(request)
    response.flags |= dns.flags.RA
    name = str(request.question[0].name)
    if name in ZONE:
        response.answer.append(dns.rrset.from_text_list(name, 60, "IN", "SRV", ZONE[name]))
    else:
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response.to_wire()


@pytest.fixture(autouse=True)
def name_server() -> Iterator[None]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, peer = sock.recvfrom(4_096)
                if data == b"end":
                    return
                sock.sendto(respond(data), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], sock.getsockname()[1]
        dns.resolver.default_resolver = resolver
        yield
        dns.resolver.default_resolver = None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"end", sock.getsockname())
        thread.join()


def test_brokers_with_tls_come_first_and_then_by_priority() -> None:
    expected = [
        Url("a.both.example", 5999, True),
        Url("b.both.example", 5671, True),
        Url("c.both.example", 5672, False),
    ]
    assert find_brokers("both.example") == expected


def test_a_domain_without_brokers_is_named() -> None:
    with pytest.raises(Unavailable, match=r"_amqps\._tcp\.none\.example"):
        find_brokers("none.example")


def test_the_agent_connects_to_a_broker_that_dns_names() -> None:
    with embedded_agent() as agent:
        ZONE["_amqp._tcp.node.example."] = [f"0 0 {agent.url.rsplit(':', 1)[1]} localhost."]
        with Peer(TransportOptions(dns_domain="node.example")) as peer:
            peer.connected()


def test_a_domain_without_brokers_is_looked_up_again() -> None:
    with Peer(TransportOptions(dns_domain="later.example", retry_seconds=0.2)) as peer, embedded_agent() as agent:
        peer.wait(lambda: peer.state is ConnectionState.DISCONNECTED)
        ZONE["_amqp._tcp.later.example."] = [f"0 0 {agent.url.rsplit(':', 1)[1]} localhost."]
        peer.connected()
