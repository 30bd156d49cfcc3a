"""A client of the example service that speaks Varlink without the code under test."""

from __future__ import annotations

import json
import socket
from typing import Any

from tests.support.varlink_example import NAME, Served


def connect(served: Served) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(served.path)
    client.settimeout(10)
    return client


def read_reply(client: socket.socket) -> Any:
    """Return the next reply, read without the code under test; None: the server has closed the connection."""
    data = b""
    while not data.endswith(b"\0"):
        try:
            part = client.recv(1)
        except ConnectionError:
            part = b""
        if not part:
            assert not data
            return None
        data += part
    return json.loads(data[:-1])


def message(method: str, **rest: Any) -> bytes:
    return json.dumps({"method": f"{NAME}.{method}", **rest}).encode() + b"\0"
