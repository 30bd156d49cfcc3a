"""A network that is cut in the middle of a reply: a veth pair between two network namespaces."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hostinfo.agent.transport import ConnectionState, TransportOptions
from tests.support.echo_agent import echo_agent
from tests.support.namespaces import private_network
from tests.support.transport_helpers import TOPIC, Peer, request

pytest.importorskip("proton")
NAME = f"hi{os.getpid() % 100_000}"
OWN, REMOTE = private_network()
PARTS, SIZE = 200, 100_000


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def namespace() -> Iterator[str]:
    """Yield a namespace with the address REMOTE, which is reached from OWN over the link NAME."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("a network namespace needs root and iproute2")
    try:
        ip("netns", "add", NAME)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.decode()}")
    try:
        ip("link", "add", NAME, "type", "veth", "peer", "name", "inner", "netns", NAME)
        ip("addr", "add", f"{OWN}/30", "dev", NAME)
        ip("link", "set", NAME, "up")
        ip("-n", NAME, "addr", "add", f"{REMOTE}/30", "dev", "inner")
        ip("-n", NAME, "link", "set", "inner", "up")
        yield NAME
    finally:
        ip("netns", "del", NAME)


@pytest.mark.root
@pytest.mark.slow
def test_a_cut_in_the_middle_of_a_reply_is_noticed_and_the_rest_is_not_sent_later(namespace: str) -> None:
    options: dict[str, Any] = {"allow_cleartext": True, "allow_anonymous": True, "heartbeat_seconds": 0.5}
    prefix = ("ip", "netns", "exec", namespace)
    with (
        echo_agent(None, prefix, listen=f"amqp://{REMOTE}:5672", **options) as url,
        Peer(TransportOptions(urls=(url,), retry_seconds=0.5, **options), (TOPIC, "r.1")).connected() as console,
    ):
        console.transport.send(request(console.transport, "r.1", {"parts": PARTS, "size": SIZE}))
        console.wait(lambda: len(console.messages) >= 3)
        ip("link", "set", NAME, "down")
        cut = time.monotonic()
        console.wait(lambda: console.state is not ConnectionState.CONNECTED)
        assert time.monotonic() - cut < 3
        assert len(console.messages) < PARTS
        time.sleep(1)
        ip("link", "set", NAME, "up")
        returned = time.monotonic()
        console.connected(2, 30)
        print(f"connected {time.monotonic() - returned:.1f} s after the link was up")
        console.messages.clear()
        console.transport.send(request(console.transport, "r.1", {"parts": 1}, correlation="2"))
        console.wait(lambda: bool(console.messages))
        time.sleep(0.5)
        assert [message.correlation_id for message in console.messages] == ["2"]
