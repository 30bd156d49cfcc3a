"""Log messages and audit records: structured in the journal under systemd, else as text on standard error.

Native protocol: https://systemd.io/JOURNAL_NATIVE_PROTOCOL. Every value is sent with its length, so that no name that
a remote user chose can forge another field.
"""

import os
import socket
import struct
import sys
from collections.abc import Mapping

SOCKET = "/run/systemd/journal/socket"
ERROR, WARNING, NOTICE, INFO = 3, 4, 5, 6
TEXT_LIMIT = 4000
VALUE_LIMIT = 200
_SECRET_WORDS = ("password", "passwd", "secret", "token", "key", "credential")
_PREFIXES = {ERROR: "error: ", WARNING: "warning: "}


class Journal:
    """Writes log messages and audit records of the service ``identifier``; no method ever fails or blocks."""

    def __init__(self, identifier: str, path: str = SOCKET, *, is_service: bool | None = None) -> None:
        """``is_service``: use the journal; None: if systemd connected standard error to it."""
        self._identifier = identifier
        self._socket: socket.socket | None = None
        if "JOURNAL_STREAM" in os.environ if is_service is None else is_service:
            try:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
                self._socket.setblocking(False)  # journald may hang
                self._socket.connect(path)
            except OSError:
                self._socket = None

    def log(self, priority: int, text: str, **fields: str) -> None:
        """Write one message; ``fields`` become journal fields ``HOSTINFO_…``."""
        text = text[:TEXT_LIMIT]
        if self._socket is not None:
            entry = {"MESSAGE": text, "PRIORITY": str(priority), "SYSLOG_IDENTIFIER": self._identifier}
            entry |= {f"HOSTINFO_{name.upper()}": value for name, value in fields.items()}
            try:
                self._socket.send(b"".join(_field(name, value) for name, value in entry.items()))
            except OSError:
                pass
            else:
                return
        printable = text if text.isprintable() else text.encode("unicode_escape").decode()
        try:
            sys.stderr.write(f"{self._identifier.replace('-', ' ')}: {_PREFIXES.get(priority, '')}{printable}\n")
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            return

    def audit(
        self, user: str | None, method: str, target: str | None, arguments: Mapping[str, object], result: str
    ) -> None:
        """Write the audit record of one method call; ``target``: the object's name, None for the agent itself."""
        user_text = user if user is not None else "anonymous"
        argument_text = " ".join(f"{name}={_display(name, value)}" for name, value in arguments.items())
        call = method if target is None else f"{method} of {target}"
        text = f"audit: user={user_text!r} call={call} arguments=({argument_text}) result={result!r}"
        fields = {"audit": "1", "user": user_text, "method": method, "object": target or "", "arguments": argument_text}
        self.log(NOTICE, text, **fields, result=result)

    def close(self) -> None:
        """Close the journal's socket; later messages are written to standard error."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _display(name: str, value: object) -> str:
    if any(word in name.lower() for word in _SECRET_WORDS):
        return "(hidden)"
    text = repr(value)
    return text if len(text) <= VALUE_LIMIT else text[: VALUE_LIMIT - 1] + "…"


def _field(name: str, value: str) -> bytes:
    data = value.encode("utf-8", "replace")
    return name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
