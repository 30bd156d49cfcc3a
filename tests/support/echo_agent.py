"""An agent of its own process (Cyrus SASL is set up once a process): tells each requester who it was taken for."""

import json
import sys

from hostinfo.agent.qmf import Message, split_address
from hostinfo.agent.transport import TransportOptions, open_transport

from .transport_helpers import AGENT, DIRECT


def main() -> None:
    transport = open_transport(TransportOptions(**json.loads(sys.argv[1])))

    def answer(message: Message) -> None:
        route = split_address(message.reply_to or "")
        if route is not None:
            asked = message.body if isinstance(message.body, dict) else {}
            for part in range(asked.get("parts", 1)):
                body = {"user": message.user_id, "part": part, "filling": "x" * asked.get("size", 0)}
                transport.send(
                    Message(address=route.node, subject=route.key, correlation_id=message.correlation_id, body=body)
                )

    transport.subscribe(DIRECT, AGENT)
    transport.start(answer, lambda _state, _text: None)
    print(transport.url, flush=True)  # type: ignore[attr-defined]
    sys.stdin.read()
    transport.close()


main()
