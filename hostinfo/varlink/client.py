"""A client: calls methods of a service over its Unix socket, each on a connection of its own."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any, Self

from .errors import Disconnected, ProtocolError, VarlinkError
from .message import END, CallMessage, ReplyMessage, decode_reply, encode_call

REPLY_LIMIT = 16 * 1024 * 1024
"""Bytes of one reply."""
READ_BYTES = 64 * 1024


def call(path: str, method: str, parameters: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Call a method and return the parameters of its reply.

    OSError: no connection (FileNotFoundError, ConnectionRefusedError, PermissionError). VarlinkError: the service
    replied an error. TimeoutError: no reply in time. Disconnected, ProtocolError: no reply at all.
    """
    with Client(path, seconds) as client:
        client.send(method, parameters)
        reply = client.receive(seconds)
        return result(reply)


def result(reply: ReplyMessage) -> dict[str, Any]:
    """Return the parameters of a reply. VarlinkError: it is an error."""
    if reply.error is not None:
        raise VarlinkError(reply.error, reply.parameters)
    return dict(reply.parameters)


class Client:
    """One connection to a service."""

    def __init__(self, path: str, seconds: float) -> None:
        self._received = bytearray()
        self._searched = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # With a full backlog, connect(2) blocks, and Python's own timeout would fail at once.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(seconds), 1))
        try:
            self._socket.connect(path)
        except BlockingIOError as error:
            self._socket.close()
            raise TimeoutError(f"no connection within {seconds:g} s") from error
        except BaseException:
            self._socket.close()
            raise
        self._socket.settimeout(seconds)

    def send(self, method: str, parameters: Mapping[str, Any], *, more: bool = False, oneway: bool = False) -> None:
        """Send a call. Disconnected: the service is gone. TimeoutError: it does not read."""
        data = encode_call(CallMessage(method=method, parameters=parameters, more=more, oneway=oneway))
        try:
            self._socket.sendall(data)
        except ConnectionError as error:
            raise Disconnected(str(error)) from error

    def receive(self, seconds: float) -> ReplyMessage:
        """Return the next reply. TimeoutError, Disconnected, ProtocolError."""
        deadline = monotonic() + seconds
        while (end := self._received.find(END, self._searched)) < 0:
            self._searched = len(self._received)
            if self._searched > REPLY_LIMIT:
                raise ProtocolError(f"a reply of more than {REPLY_LIMIT} bytes")
            # 0 would mean: without waiting, and another error.
            self._socket.settimeout(max(0.001, deadline - monotonic()))
            try:
                data = self._socket.recv(READ_BYTES)
            except ConnectionError as error:
                raise Disconnected(str(error)) from error
            if not data:
                raise Disconnected("the service closed the connection")
            self._received += data
        message = bytes(self._received[:end])
        del self._received[: end + 1]
        self._searched = 0
        return decode_reply(message)

    def replies(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield the parameters of all replies to a call with ``more``, each within this time of the one before."""
        while True:
            reply = self.receive(seconds)
            yield result(reply)
            if not reply.continues:
                return

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
