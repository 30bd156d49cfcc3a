"""Honest bytes with faults in them, by a fixed seed: messages on a link, and whole frames on the socket."""

import contextlib
import random
import socket
from typing import Any

import pytest

from hostinfo.agent.transport import TransportOptions
from hostinfo.agent.transport.codec.message_codec import encode
from tests.support.transport_helpers import AGENT, DIRECT, TOPIC, End, agent, request, until

proton = pytest.importorskip("proton")
from proton.utils import BlockingConnection  # noqa: E402

pytestmark = pytest.mark.slow
ROUNDS = 300


def damaged(data: bytes, draw: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(found))
        match draw.randrange(4):
            case 0:
                found[at] = draw.randrange(256)
            case 1:
                del found[at : at + draw.randint(1, 8)]
            case 2:
                found[at:at] = draw.randbytes(draw.randint(1, 8))
            case _:
                found[at : at + 4] = b"\xff" * 4
        if not found:
            break
    return bytes(found)


def test_damaged_messages_end_nothing_but_at_most_their_link() -> None:
    draw = random.Random(1)
    with agent() as node, End(TransportOptions(urls=(node.url,)), (TOPIC, "r.1")).connected() as end:
        honest = encode(request(end.transport, "r.1", {"_what": "OBJECT", "_where": ["eq", "a", ["quote", 1]]}))
        peer = BlockingConnection(node.url, timeout=5)
        sender: Any = peer.create_sender(DIRECT, name="0")
        for number in range(ROUNDS):
            if sender.link.state & proton.Endpoint.REMOTE_CLOSED:
                sender = peer.create_sender(DIRECT, name=str(number + 1))
            delivery = sender.link.delivery(f"t{number}")
            sender.link.stream(damaged(honest, draw))
            sender.link.advance()
            with contextlib.suppress(proton.utils.LinkDetached):
                peer.wait(lambda delivery=delivery: delivery.settled or delivery.remote_state, timeout=5)
        end.transport.send(request(end.transport, "r.1", {"last": True}, correlation="last"))
        end.wait(lambda: bool(end.messages) and end.messages[-1].correlation_id == "last")
        peer.close()


def conversation(url: str) -> bytes:
    """What an honest peer says from its first byte to its first message, taken down on the way."""
    host, port = url.removeprefix("amqp://").split(":")
    connection, collector, transport = proton.Connection(), proton.Collector(), proton.Transport()
    connection.collect(collector)
    connection.container = "peer"
    transport.sasl().allowed_mechs("ANONYMOUS")
    transport.bind(connection)
    connection.open()
    session = connection.session()
    session.open()
    link = session.sender("s")
    link.target.address = DIRECT
    link.open()
    said = b""
    with socket.create_connection((host, int(port)), 5) as sock:
        sock.settimeout(5)
        for _ in range(20):
            if link.credit and b"hello" not in said:
                link.delivery("1")
                link.send(proton.Message(subject=AGENT, body={"hello": 1}).encode())
                link.advance()
            while (pending := transport.pending()) > 0:
                data = transport.peek(pending)
                said += data
                sock.sendall(data)
                transport.pop(len(data))
            if b"hello" in said:
                return said
            transport.push(sock.recv(4_096))
    raise AssertionError("no conversation")


def test_damaged_frames_end_nothing_but_their_connection() -> None:
    draw = random.Random(2)
    with agent() as node:
        honest = conversation(node.url)
        host, port = node.url.removeprefix("amqp://").split(":")
        for _ in range(ROUNDS):
            with socket.create_connection((host, int(port)), 5) as sock, contextlib.suppress(OSError):
                sock.sendall(damaged(honest, draw))
                sock.shutdown(socket.SHUT_WR)
                sock.settimeout(0.02)
                while sock.recv(4_096):
                    pass
        with End(TransportOptions(urls=(node.url,)), (TOPIC, "r.1")).connected() as end:
            end.transport.send(request(end.transport, "r.1"))
            end.wait(lambda: len(end.messages) == 1)
        until(lambda: node.transport.client_count == 0)  # type: ignore[attr-defined]
