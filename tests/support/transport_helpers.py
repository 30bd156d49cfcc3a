"""What the transport's tests share: an agent's end, and waiting."""

import socket
import threading
import time
from collections.abc import Callable

from hostinfo.agent.qmf import Message, parse_address
from hostinfo.agent.transport import ConnectionState, Transport, TransportOptions, open_transport

TOPIC, DIRECT = "qmf.default.topic", "qmf.default.direct"
AGENT = "example.org:agent:1"


class End:
    """A transport and what it received."""

    def __init__(self, options: TransportOptions, *bindings: tuple[str, str], echo: bool = False) -> None:
        self.transport = open_transport(options)
        self.messages: list[Message] = []
        self.states: list[tuple[ConnectionState, str]] = []
        self.times: list[float] = []
        self._echo = echo
        self._news = threading.Condition()
        for exchange, key in bindings:
            self.transport.subscribe(exchange, key)
        self.transport.start(self._message, self._state)

    def _message(self, message: Message) -> None:
        with self._news:
            self.messages.append(message)
            self._news.notify_all()
        route = parse_address(message.reply_to) if self._echo and message.reply_to else None
        if route is not None:
            self.transport.send(
                Message(address=route.node, subject=route.key, correlation_id=message.correlation_id, body=message.body)
            )

    def _state(self, state: ConnectionState, text: str) -> None:
        with self._news:
            self.states.append((state, text))
            self.times.append(time.monotonic())
            self._news.notify_all()

    def wait(self, ready: Callable[[], bool], seconds: float = 10.0) -> None:
        with self._news:
            assert self._news.wait_for(ready, seconds), f"{self.states[-3:]}, {len(self.messages)} messages"

    def connected(self, times: int = 1, seconds: float = 10.0) -> "End":
        self.wait(lambda: sum(state is ConnectionState.CONNECTED for state, _ in self.states) >= times, seconds)
        return self

    @property
    def state(self) -> ConnectionState | None:
        return self.states[-1][0] if self.states else None

    @property
    def url(self) -> str:
        found: str = self.transport.url  # type: ignore[attr-defined]  # only the embedded one has it
        return found

    def __enter__(self) -> "End":
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()


def agent(**options: object) -> End:
    """An agent that carries the exchanges, and sends each request back."""
    return End(
        TransportOptions(**{"listen": "amqp://127.0.0.1:0", **options}),  # type: ignore[arg-type]
        (DIRECT, AGENT),
        (TOPIC, "console.#"),
        echo=True,
    ).connected()


def request(transport: Transport, key: str, body: object = None, *, correlation: str = "1") -> Message:
    return Message(
        address=DIRECT,
        subject=AGENT,
        reply_to=transport.reply_to(key),
        correlation_id=correlation,
        content_type="amqp/map",
        properties={"qmf.opcode": "_query_request"},
        body={} if body is None else body,
    )


def until(ready: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
