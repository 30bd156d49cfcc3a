"""An agent in a process of its own (Cyrus SASL is set up once per process) that replies with the requester's user."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hostinfo.agent.qmf import Message, parse_address
from hostinfo.agent.transport import TransportOptions, open_transport

from .transport_helpers import AGENT, DIRECT


@contextmanager
def echo_agent(
    environment: dict[str, str] | None = None, prefix: tuple[str, ...] = (), **options: Any
) -> Iterator[str]:
    """Run an agent with these transport options, `prefix` before its command line; yield its URL."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-m", __name__, json.dumps(options)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2], env=environment,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("amqp")
        yield url
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def main() -> None:
    transport = open_transport(TransportOptions(**json.loads(sys.argv[1])))

    def reply(message: Message) -> None:
        route = parse_address(message.reply_to or "")
        if route is None:
            return
        request = message.body if isinstance(message.body, dict) else {}
        for part in range(request.get("parts", 1)):
            body = {"user": message.user_id, "part": part, "filling": "x" * request.get("size", 0)}
            transport.send(
                Message(address=route.node, subject=route.key, correlation_id=message.correlation_id, body=body)
            )

    transport.subscribe(DIRECT, AGENT)
    transport.start(reply, lambda _state, _text: None)
    print(transport.url, flush=True)  # type: ignore[attr-defined]  # only the embedded one has it
    sys.stdin.read()
    transport.close()


if __name__ == "__main__":
    main()
