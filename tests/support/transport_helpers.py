"""Helpers of the transport's tests: a peer that records what it receives, and waiting."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Self

from hostinfo.agent.qmf import Message, parse_address
from hostinfo.agent.transport import ConnectionState, Transport, TransportOptions, open_transport

TOPIC, DIRECT = "qmf.default.topic", "qmf.default.direct"
AGENT = "example.org:agent:1"
ANONYMOUS_OPEN = (
    b"AMQP\x03\x01\x00\x00"
    b"\x00\x00\x00\x19\x02\x01\x00\x00\x00\x53\x41\xc0\x0c\x01\xa3\x09ANONYMOUS"
    b"AMQP\x00\x01\x00\x00"
    b"\x00\x00\x00\x11\x02\x00\x00\x00\x00\x53\x10\xc0\x04\x01\xa1\x01x"
)
"""What a client sends to log in as anonymous and open the connection: AMQP 1.0 parts 5.3.3.2 and 2.7.1."""


class Peer:
    """A started transport with the messages and states that it reported; `echo` sends each request's body back."""

    def __init__(self, options: TransportOptions, *subscriptions: tuple[str, str], echo: bool = False) -> None:
        self.transport = open_transport(options)
        self.messages: list[Message] = []
        self.states: list[tuple[ConnectionState, str]] = []
        self.state_times: list[float] = []
        self._echo = echo
        self._changed = threading.Condition()
        for exchange, key in subscriptions:
            self.transport.subscribe(exchange, key)
        self.transport.start(self._on_message, self._on_state)

    def _on_message(self, message: Message) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()
        route = parse_address(message.reply_to) if self._echo and message.reply_to else None
        if route is not None:
            self.transport.send(
                Message(address=route.node, subject=route.key, correlation_id=message.correlation_id, body=message.body)
            )

    def _on_state(self, state: ConnectionState, text: str) -> None:
        with self._changed:
            self.states.append((state, text))
            self.state_times.append(time.monotonic())
            self._changed.notify_all()

    def wait(self, is_true: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until a condition holds, which is checked after each message and state."""
        with self._changed:
            assert self._changed.wait_for(is_true, seconds), f"{self.states[-3:]}, {len(self.messages)} messages"

    def connected(self, times: int = 1, seconds: float = 10.0) -> Self:
        """Wait until the transport has been connected so many times."""
        self.wait(lambda: sum(state is ConnectionState.CONNECTED for state, _ in self.states) >= times, seconds)
        return self

    @property
    def state(self) -> ConnectionState | None:
        return self.states[-1][0] if self.states else None

    @property
    def url(self) -> str:
        found: str = self.transport.url  # type: ignore[attr-defined]  # only the embedded one has it
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()


def connect_agent(url: str, **options: object) -> Peer:
    """Connect an agent that echoes requests; it may not be connected yet."""
    all_options = TransportOptions(**{"urls": (url,), **options})  # type: ignore[arg-type]
    return Peer(all_options, (DIRECT, AGENT), (TOPIC, "console.#"), echo=True)


def connect_console(url: str, *keys: str) -> Peer:
    """Connect a console that receives these keys of the topic exchange."""
    return Peer(TransportOptions(urls=(url,)), *[(TOPIC, key) for key in keys]).connected()


def embedded_agent(**options: object) -> Peer:
    """Run an agent that listens and echoes requests."""
    return Peer(
        TransportOptions(**{"listen": "amqp://127.0.0.1:0", **options}),  # type: ignore[arg-type]
        (DIRECT, AGENT),
        (TOPIC, "console.#"),
        echo=True,
    ).connected()


def request(transport: Transport, key: str, body: object = None, *, correlation: str = "1") -> Message:
    """Return a request to the agent, to be answered to a subscribed key of the topic exchange."""
    return Message(
        address=DIRECT,
        subject=AGENT,
        reply_to=transport.reply_to(key),
        correlation_id=correlation,
        content_type="amqp/map",
        properties={"qmf.opcode": "_query_request"},
        body={} if body is None else body,
    )


def host_and_port(url: str) -> tuple[str, int]:
    host, port = url.removeprefix("amqp://").split(":")
    return host, int(port)


def wait_until(is_true: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
