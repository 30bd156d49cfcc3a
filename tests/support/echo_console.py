"""A console of its own process (Kerberos goes by the environment): prints who an agent took it for, or why not."""

import json
import sys
import threading

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import ConnectionState, TransportOptions, open_transport

from .transport_helpers import TOPIC, request


def main() -> None:
    options = json.loads(sys.argv[1])
    transport = open_transport(TransportOptions(**{**options, "urls": tuple(options["urls"])}))
    told: dict[str, object] = {}
    done = threading.Event()

    def on_message(message: Message) -> None:
        told["body"] = message.body
        done.set()

    def on_state(state: ConnectionState, text: str) -> None:
        if state is ConnectionState.CONNECTED:
            transport.send(request(transport, "r.1"))
        else:
            told.update({"state": str(state), "text": text})
            done.set()

    transport.subscribe(TOPIC, "r.1")
    transport.start(on_message, on_state)
    done.wait(15)
    transport.close()
    print(json.dumps(told))


main()
