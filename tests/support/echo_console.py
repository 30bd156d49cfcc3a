"""A console in a process of its own (Kerberos is configured by the environment).

It prints, as JSON, the body of an agent's reply, or the state and reason of its connection.
"""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport import ConnectionState, TransportOptions, open_transport

from .transport_helpers import TOPIC, request


def run_echo_console(environment: dict[str, str], **options: Any) -> dict[str, Any]:
    """Send one request with these transport options; return `body`, or `state` and `text`."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, json.dumps(options)],
        env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def main() -> None:
    options = json.loads(sys.argv[1])
    transport = open_transport(TransportOptions(**{**options, "urls": tuple(options["urls"])}))
    outcome: dict[str, object] = {}
    done = threading.Event()

    def on_message(message: Message) -> None:
        outcome["body"] = message.body
        done.set()

    def on_state(state: ConnectionState, text: str) -> None:
        if state is ConnectionState.CONNECTED:
            transport.send(request(transport, "r.1"))
        else:
            outcome.update({"state": str(state), "text": text})
            done.set()

    transport.subscribe(TOPIC, "r.1")
    transport.start(on_message, on_state)
    done.wait(15)
    transport.close()
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
