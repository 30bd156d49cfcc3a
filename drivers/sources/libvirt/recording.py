"""A libvirt daemon's results in a recording: one file per call in ``libvirt/``, XML as it is, all else as JSON."""

from __future__ import annotations

import json
from functools import partial

from hostinfo.errors import ParseError
from hostinfo.lowlevel.bounded_text import parse_json

from .client import LibvirtClient, ReplayClient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver_factory import ReplyStore

    from .calls import Result

_DOCUMENTS = frozenset({"capabilities", "sysinfo"})
_URI = "libvirt/uri"
_NO_DAEMON = "no daemon"
_PROBED = "probe "


class RecordedDaemon:
    """The URI of the daemon that was recorded, and whether it was named or found by probing the machine."""

    def __init__(self, uri: str | None, *, is_probed: bool) -> None:
        self.uri = uri
        """None: no daemon ran."""
        self.is_probed = is_probed

    def record(self, store: ReplyStore) -> None:
        """Write it into the recording."""
        text = _NO_DAEMON if self.uri is None else _PROBED * self.is_probed + self.uri
        store.record(_URI, text.encode)

    @classmethod
    def replay(cls, store: ReplyStore) -> RecordedDaemon:
        """Read it from the recording."""
        text = store.replay(_URI).decode("utf-8", "replace")
        if text == _NO_DAEMON:
            return cls(None, is_probed=True)
        return cls(text.removeprefix(_PROBED), is_probed=text.startswith(_PROBED))


def record_client(store: ReplyStore, uri: str) -> ReplayClient:
    """Return a client of the live daemon whose results are recorded."""
    client = LibvirtClient(uri)

    def call(name: str) -> Result:
        return _decode(name, store.record(_file_name(name), lambda: _encode(name, client.call(name))))

    return ReplayClient(call)


def replay_client(store: ReplyStore) -> ReplayClient:
    """Return a client with the recorded results."""
    return ReplayClient(partial(_replay, store))


def _replay(store: ReplyStore, name: str) -> Result:
    return _decode(name, store.replay(_file_name(name)))


def _file_name(name: str) -> str:
    return f"libvirt/{name}.{'xml' if name in _DOCUMENTS else 'json'}"


def _encode(name: str, result: Result) -> bytes:
    text = str(result) if name in _DOCUMENTS else json.dumps(result, indent=1)
    return text.encode("utf-8", "surrogateescape")


def _decode(name: str, reply: bytes) -> Result:
    text = reply.decode("utf-8", "replace")
    if name in _DOCUMENTS:
        return text
    try:
        result: Result = parse_json(text)
    except ValueError as error:
        raise ParseError(_file_name(name), f"not JSON: {error}") from error
    return result
