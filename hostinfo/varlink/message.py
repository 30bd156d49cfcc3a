"""Messages: JSON objects that end with a NUL byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hostinfo.lowlevel.bounded_text import parse_json
from hostinfo.record import field, record

from .errors import ProtocolError

END = b"\0"
CONTAINERS_LIMIT = 100_000
"""Lists and objects of one message: each costs 60 bytes and more."""
NAME_LIMIT = 200
"""Characters of the name of a method or error."""


@record
class CallMessage:
    """A call as the client sends it."""

    method: str
    """Interface and method: org.varlink.service.GetInfo."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    oneway: bool = False
    """The client expects no reply."""
    more: bool = False
    """The client accepts more than one reply."""
    upgrade: bool = False
    """The client wants to speak another protocol afterwards."""


@record
class ReplyMessage:
    """A reply as the service sends it."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    """Full name of the error; None: the call succeeded."""
    continues: bool = False
    """More replies to the same call follow."""


def decode_call(data: bytes) -> CallMessage:
    """Return the call of a message without its NUL. ProtocolError: it is none."""
    found = _object(data, {"method": str, "parameters": dict, "oneway": bool, "more": bool, "upgrade": bool})
    if not found.get("method"):
        raise ProtocolError("a call without a method")
    if found.get("oneway") and found.get("more"):
        raise ProtocolError("a call with both oneway and more")
    return CallMessage(**found)


def decode_reply(data: bytes) -> ReplyMessage:
    """Return the reply of a message without its NUL. ProtocolError: it is none."""
    return ReplyMessage(**_object(data, {"parameters": dict, "error": str, "continues": bool}))


def encode_call(call: CallMessage) -> bytes:
    """Return the message of a call, with its NUL."""
    flags = {name: True for name in ("oneway", "more", "upgrade") if getattr(call, name)}
    return _encode({"method": call.method, "parameters": call.parameters, **flags})


def encode_reply(reply: ReplyMessage) -> bytes:
    """Return the message of a reply, with its NUL."""
    document: dict[str, Any] = {"parameters": reply.parameters}
    if reply.error is not None:
        document["error"] = reply.error
    if reply.continues:
        document["continues"] = True
    return _encode(document)


def _encode(document: Mapping[str, Any]) -> bytes:
    # In ASCII, so that neither a NUL nor half of a surrogate pair is ever sent as itself.
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii") + END


def _object(data: bytes, types: Mapping[str, type]) -> dict[str, Any]:
    """Return an object with these keys only, each of its type; null is as if the key was missing."""
    try:
        if data.count(b"[") + data.count(b"{") > CONTAINERS_LIMIT:
            raise ProtocolError(f"more than {CONTAINERS_LIMIT} lists and objects")
        found = parse_json(data.decode())
    except ValueError as error:  # also UnicodeDecodeError
        raise ProtocolError(f"no JSON: {error}"[:NAME_LIMIT]) from None
    if not isinstance(found, dict):
        raise ProtocolError("no JSON object")
    for name in [name for name, value in found.items() if value is None]:
        del found[name]
    for name, value in found.items():
        if name not in types:
            raise ProtocolError(f"unknown key {name[:NAME_LIMIT]!r}")
        if not isinstance(value, types[name]):
            raise ProtocolError(f"{name} has the wrong type")
        if isinstance(value, str) and len(value) > NAME_LIMIT:
            raise ProtocolError(f"{name} is too long")
    return found
