"""QMF messages to and from AMQP 1.0's message format (part 3, section 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from ...qmf.wire.message import Message
from ...qmf.wire.types import UInt, ULong
from .encoding import encode_list, encode_symbol, encode_value
from .errors import DecodeError
from .sections import (
    APPLICATION_PROPERTIES,
    BODIES,
    CONTENT_TYPE,
    CORRELATION_ID,
    DATA,
    HEADER,
    MESSAGE_ID,
    PROPERTIES,
    REPLY_TO,
    SEQUENCE,
    SUBJECT,
    TO,
    USER_ID,
    VALUE,
    as_list,
    decode_section,
    encode_section,
    field,
    iter_sections,
    text_or_none,
    ttl_milliseconds,
    user_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_NULL = b"\x40"


def encode(
    message: Message, *, address: str | None = None, subject: str | None = None, as_sequence: bool = False
) -> bytes:
    """Return a message's bytes; raise EncodeError.

    `address` becomes the property `to`; `subject` replaces the message's own. `as_sequence` puts a list into an
    amqp-sequence section instead of an amqp-value.
    """
    parts = []
    if message.ttl_ms:
        ttl = encode_value(UInt(min(message.ttl_ms, UInt.maximum)))
        parts.append(encode_section(HEADER, encode_list([_NULL, _NULL, ttl])))
    fields = _encode_properties(message, address, message.subject if subject is None else subject)
    if fields:
        parts.append(encode_section(PROPERTIES, encode_list(fields)))
    if message.properties:
        parts.append(encode_section(APPLICATION_PROPERTIES, encode_value(dict(message.properties))))
    parts.append(encode_section(_body_section(message, as_sequence=as_sequence), encode_value(message.body)))
    return b"".join(parts)


def decode(data: bytes, *, address: str = "") -> Message:
    """Return the QMF message in these bytes; raise DecodeError.

    `address`, the exchange that it was received from, replaces a missing `to`.
    """
    data = bytes(data)  # no copy for bytes
    values: dict[int, object] = {}
    bodies: list[object] = []
    try:
        for code, _, pos, end in iter_sections(data):
            value = decode_section(data, pos, end)
            if code in BODIES:
                bodies.append(value)
            values[code] = value
        body = _join_bodies(bodies, is_data=DATA in values)
    except DecodeError as error:
        raise DecodeError(f"message of {len(data)} bytes: {error}") from None
    fields = as_list(values.get(PROPERTIES))
    return Message(
        address=text_or_none(field(fields, TO)) or address,
        subject=text_or_none(field(fields, SUBJECT)),
        reply_to=text_or_none(field(fields, REPLY_TO)),
        correlation_id=_correlation_id(field(fields, CORRELATION_ID)),
        content_type=text_or_none(field(fields, CONTENT_TYPE)),
        message_id=text_or_none(field(fields, MESSAGE_ID)),
        ttl_ms=ttl_milliseconds(as_list(values.get(HEADER))),
        user_id=user_text(field(fields, USER_ID)),
        properties=_application_properties(values.get(APPLICATION_PROPERTIES)),
        body=body,
        is_data=DATA in values,
    )


def _encode_properties(message: Message, address: str | None, subject: str | None) -> list[bytes]:
    """Return the fields of the properties, in the specification's order, without empty ones at the end."""
    correlation_id = message.correlation_id
    if isinstance(correlation_id, int):
        correlation_id = ULong(correlation_id)
    fields = [
        encode_value(message.message_id),
        _NULL if message.user_id is None else encode_value(message.user_id.encode()),
        encode_value(address),
        encode_value(subject),
        encode_value(message.reply_to),
        encode_value(correlation_id),
        _NULL if message.content_type is None else encode_symbol(message.content_type),
    ]
    while fields and fields[-1] == _NULL:
        fields.pop()
    return fields


def _body_section(message: Message, *, as_sequence: bool) -> int:
    if message.is_data and isinstance(message.body, bytes | bytearray | memoryview):
        return DATA
    return SEQUENCE if as_sequence and isinstance(message.body, list) else VALUE


def _join_bodies(bodies: list[object], *, is_data: bool) -> object:
    """Return the body, which may be split over several sections of data or sequence."""
    if is_data:
        if not all(isinstance(part, bytes) for part in bodies):
            raise DecodeError("data section: not binary")
        return b"".join(bodies)  # type: ignore[arg-type]  # checked by the line before
    if len(bodies) <= 1:
        return bodies[0] if bodies else None
    return [item for part in bodies for item in as_list(part)]


def _application_properties(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        return {}
    return {name: _decode_if_utf8(item) for name, item in value.items() if isinstance(name, str)}


def _decode_if_utf8(value: object) -> object:
    """Return binary that is UTF-8 as text: so qpidd forwards untyped strings of AMQP 0-10."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except ValueError:
            return value
    return value


def _correlation_id(value: object) -> str | bytes | int | UUID | None:
    if isinstance(value, int):
        return value if 0 <= value < 2**64 else None
    return value if isinstance(value, str | bytes | UUID) else None
