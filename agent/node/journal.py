"""What the agent says: to the journal with fields of its own where systemd started it, else to standard error.

Native protocol: https://systemd.io/JOURNAL_NATIVE_PROTOCOL. A value goes with its length, so that no name that a
stranger chose can forge another field.
"""

import os
import socket
import struct
import sys
from collections.abc import Mapping

SOCKET = "/run/systemd/journal/socket"
ERROR, WARNING, NOTICE, INFO = 3, 4, 5, 6
TEXT_LIMIT = 4000
_SECRET_WORDS = ("password", "passwd", "secret", "token", "key", "credential")
_WORDS = {ERROR: "error: ", WARNING: "warning: "}


class Journal:
    """Where messages and audit records go."""

    def __init__(self, path: str = SOCKET, *, is_service: bool | None = None) -> None:
        self._socket: socket.socket | None = None
        if "JOURNAL_STREAM" in os.environ if is_service is None else is_service:
            try:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
                self._socket.setblocking(False)  # the journal may be stuck; the agent shall not
                self._socket.connect(path)
            except OSError:
                self._socket = None

    def say(self, priority: int, text: str, **fields: str) -> None:
        """Tell one thing; it never fails."""
        text = text[:TEXT_LIMIT]
        if self._socket is not None:
            told = {"MESSAGE": text, "PRIORITY": str(priority), "SYSLOG_IDENTIFIER": "hostinfo-agent"}
            told |= {f"HOSTINFO_{name.upper()}": value for name, value in fields.items()}
            try:
                self._socket.send(b"".join(_field(name, value) for name, value in told.items()))
            except OSError:
                pass
            else:
                return
        shown = text if text.isprintable() else text.encode("unicode_escape").decode()
        try:
            sys.stderr.write(f"hostinfo agent: {_WORDS.get(priority, '')}{shown}\n")
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            return

    def close(self) -> None:
        """Leave the journal; what is said later goes to standard error."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def audit(
        self, user: str | None, method: str, target: str | None, arguments: Mapping[str, object], result: str
    ) -> None:
        """One record of one call: who, what, of which object (None: the agent), with what, and what came of it."""
        who = user if user is not None else "anonymous"
        given = " ".join(f"{name}={_shown(name, value)}" for name, value in arguments.items())
        call = method if target is None else f"{method} of {target}"
        text = f"audit: user={who!r} call={call} arguments=({given}) result={result!r}"
        fields = {"audit": "1", "user": who, "method": method, "object": target or "", "arguments": given}
        self.say(NOTICE, text, **fields, result=result)


def _shown(name: str, value: object) -> str:
    if any(word in name.lower() for word in _SECRET_WORDS):
        return "(hidden)"
    text = repr(value)
    return text if len(text) <= 200 else text[:199] + "…"


def _field(name: str, value: str) -> bytes:
    data = value.encode("utf-8", "replace")
    return name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
