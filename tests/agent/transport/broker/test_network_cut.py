"""A network that is cut in the middle of an answer, with a wire of its own between two network namespaces."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hostinfo.agent.transport import ConnectionState, TransportOptions
from tests.support.echo_agent import echo_agent
from tests.support.transport_helpers import TOPIC, End, request

pytest.importorskip("proton")
NAME = f"hi{os.getpid() % 100_000}"
PARTS, SIZE = 200, 100_000


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def namespace() -> Iterator[str]:
    """Its end of the wire is 198.51.100.2, ours is .1."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("a network namespace needs root and iproute2")
    try:
        ip("netns", "add", NAME)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.decode()}")
    try:
        ip("link", "add", NAME, "type", "veth", "peer", "name", "wire", "netns", NAME)
        ip("addr", "add", "198.51.100.1/24", "dev", NAME)
        ip("link", "set", NAME, "up")
        ip("-n", NAME, "addr", "add", "198.51.100.2/24", "dev", "wire")
        ip("-n", NAME, "link", "set", "wire", "up")
        yield NAME
    finally:
        ip("netns", "del", NAME)


@pytest.mark.root
@pytest.mark.slow
def test_a_cut_in_the_middle_of_an_answer_is_noticed_and_the_rest_does_not_come_later(namespace: str) -> None:
    clear: dict[str, Any] = {"allow_cleartext": True, "allow_anonymous": True, "heartbeat_seconds": 0.5}
    prefix = ("ip", "netns", "exec", namespace)
    with echo_agent(None, prefix, listen="amqp://198.51.100.2:5672", **clear) as url:
        options = TransportOptions(urls=(url,), retry_seconds=0.5, **clear)
        with End(options, (TOPIC, "r.1")).connected() as end:
            end.transport.send(request(end.transport, "r.1", {"parts": PARTS, "size": SIZE}))
            end.wait(lambda: len(end.messages) >= 3)
            ip("link", "set", NAME, "down")
            cut = time.monotonic()
            end.wait(lambda: end.state is not ConnectionState.CONNECTED)
            assert time.monotonic() - cut < 3
            assert len(end.messages) < PARTS
            time.sleep(1)
            ip("link", "set", NAME, "up")
            returned = time.monotonic()
            end.connected(2, 30)
            print(f"connected {time.monotonic() - returned:.1f} s after the wire")
            end.messages.clear()
            end.transport.send(request(end.transport, "r.1", {"parts": 1}, correlation="2"))
            end.wait(lambda: bool(end.messages))
            time.sleep(0.5)
            assert [message.correlation_id for message in end.messages] == ["2"]
