"""The real agent in a separate process, and a console for it, both optionally in a network namespace."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hostinfo.agent.qmf import (
    AgentAnnouncement,
    DataObject,
    Event,
    Failure,
    Indication,
    Message,
    MethodResult,
    Query,
    QueryPart,
    RequestBuilder,
    parse_agent_message,
    topic_exchange,
)
from hostinfo.agent.transport import ConnectionState, TransportOptions, open_transport

ROOT = Path(__file__).parents[2]
CLONE_NEWNET = 0x40000000
EVERYTHING = """
[[allow]]
who = ["loopback"]
read = ["*"]
call = ["*"]
"""


class Agent:
    """A running ``hostinfo agent``, with the lines that it wrote to standard error."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        environment = os.environ | environment | {"PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
        self.stderr_lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr_lines.append(line.rstrip())

    def wait_for(self, pattern: str, seconds: float = 20) -> re.Match[str]:
        found: list[re.Match[str]] = []

        def look() -> bool:
            found.extend(match for line in list(self.stderr_lines) if (match := re.search(pattern, line)))
            return bool(found)

        until(look, seconds, lambda: f"{pattern!r} was not written: {self.stderr_lines}")
        return found[-1]

    @property
    def url(self) -> str:
        return self.wait_for(r"listening on (amqp://\S+)")[1]

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)

    def close(self) -> None:
        self.process.wait(20)
        self._reader.join(20)
        assert self.process.stderr is not None
        self.process.stderr.close()


def until(condition: Callable[[], object], seconds: float, why: Callable[[], str] = lambda: "") -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s; {why()}"
        time.sleep(0.02)


@contextmanager
def agent(
    folder: Path, *arguments: str, policy: str | None = EVERYTHING, namespace: str | None = None, **environment: str
) -> Iterator[Agent]:
    """Run an agent that listens on a free port of loopback."""
    prefix = ["ip", "netns", "exec", namespace] if namespace else []
    command = [
        *prefix,
        sys.executable,
        "-m",
        "hostinfo",
        "agent",
        "--listen",
        "amqp://127.0.0.1:0",
        "--statistics-seconds",
        "1",
    ]
    if policy is not None:
        (folder / "policy.toml").write_text(policy)
        command += ["--policy", str(folder / "policy.toml")]
    running = Agent([*command, *arguments], environment)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.close()


def enter(namespace: str) -> None:
    """Move this thread, and those that it starts, into a network namespace."""
    with open(f"/run/netns/{namespace}", "rb") as file:
        assert ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) == 0


class Console:
    """Sends requests to one agent, and keeps everything that it publishes."""

    def __init__(self, url: str, namespace: str | None = None) -> None:
        self.messages: list[Message] = []
        self._numbers = iter(range(1, 1_000_000))
        self._connected = threading.Event()
        self._transport = open_transport(TransportOptions(urls=(url,)))
        self._transport.subscribe(topic_exchange(), "direct-console.test")
        self._transport.subscribe(topic_exchange(), "agent.#")
        starter = threading.Thread(target=self._start, args=(namespace,))  # threads inherit its namespace
        starter.start()
        starter.join()
        assert self._connected.wait(10), "no connection"
        self.requests = RequestBuilder(self._transport.reply_to("direct-console.test"))
        self.seen = self._locate()

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def _start(self, namespace: str | None) -> None:
        if namespace is not None:
            enter(namespace)
        self._transport.start(self.messages.append, self._state)

    def _state(self, state: ConnectionState, _: str) -> None:
        if state is ConnectionState.CONNECTED:
            self._connected.set()

    def _locate(self) -> AgentAnnouncement:
        found: list[AgentAnnouncement] = []

        def look() -> bool:
            self._transport.send(self.requests.locate([], correlation="here?"))
            time.sleep(0.2)
            found.extend(
                one for one in self.received() if isinstance(one, AgentAnnouncement) and one.is_locate_response
            )
            return bool(found)

        until(look, 10)
        return found[-1]

    def received(self) -> list[Any]:
        return [one for message in list(self.messages) if (one := parse_agent_message(message)) is not None]

    def responses(self, message: Message, correlation: str, seconds: float = 15) -> list[Any]:
        """All parts of the response to a request."""
        assert self._transport.send(message)
        found: list[Any] = []

        def whole() -> bool:
            found[:] = [one for one in self.received() if getattr(one, "correlation", None) == correlation]
            return bool(found) and not (isinstance(found[-1], QueryPart) and not found[-1].is_last)

        until(whole, seconds, lambda: f"no response; got {found}")
        return found

    def get(self, query: str) -> list[DataObject]:
        number = f"n{next(self._numbers)}"
        parts = self.responses(self.requests.query(self.seen.agent, Query.from_text(query), number), number)
        assert all(isinstance(part, QueryPart) for part in parts), parts
        return [item for part in parts for item in part.items]

    def call(self, method: str, **arguments: object) -> MethodResult | Failure:
        number = f"n{next(self._numbers)}"
        message = self.requests.call(self.seen.agent, method, arguments, number)
        (response,) = self.responses(message, number)
        assert isinstance(response, MethodResult | Failure)
        return response

    def events(self, name: str = "") -> list[Event]:
        return [one for one in self.published() if isinstance(one, Event) and _class(one).endswith(name)]

    def published(self) -> list[Any]:
        return [item for one in self.received() if isinstance(one, Indication) for item in one.items]

    def objects(self, name: str) -> list[DataObject]:
        return [one for one in self.published() if isinstance(one, DataObject) and _class(one) == name]


def _class(one: DataObject | Event) -> str:
    return one.schema_id.name if one.schema_id is not None else ""


def name_of(one: DataObject) -> str:
    assert one.object_id is not None
    return one.object_id.object_name
