"""The sections of a message (AMQP 1.0 part 3, section 3.2): in their order, none twice, each ending at its size.

An exchange decodes the properties only and forwards the rest as it is. Because every reader finds the same sections,
no sender can show an exchange other properties than the receiver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .decoding import decode_value, skip_value
from .errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER, DELIVERY_ANNOTATIONS, MESSAGE_ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES = 0x70, 0x71, 0x72, 0x73, 0x74
DATA, SEQUENCE, VALUE, FOOTER = 0x75, 0x76, 0x77, 0x78
BODIES = (DATA, SEQUENCE, VALUE)
_CODES_BY_NAME = {
    "amqp:header:list": HEADER,
    "amqp:delivery-annotations:map": DELIVERY_ANNOTATIONS,
    "amqp:message-annotations:map": MESSAGE_ANNOTATIONS,
    "amqp:properties:list": PROPERTIES,
    "amqp:application-properties:map": APPLICATION_PROPERTIES,
    "amqp:data:binary": DATA,
    "amqp:amqp-sequence:list": SEQUENCE,
    "amqp:amqp-value:*": VALUE,
    "amqp:footer:map": FOOTER,
}
# fields of the properties
MESSAGE_ID, USER_ID, TO, SUBJECT, REPLY_TO, CORRELATION_ID, CONTENT_TYPE = 0, 1, 2, 3, 4, 5, 6
_TTL = 2  # field of the header


def iter_sections(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield the code, start, value's start and end of each section; raise DecodeError."""
    pos = last = 0
    while pos < len(data):
        start = pos
        if data[pos]:
            raise DecodeError("no section where one should begin")
        descriptor, pos = decode_value(data, pos + 1)
        code = _CODES_BY_NAME.get(descriptor, 0) if isinstance(descriptor, str) else descriptor
        if not isinstance(code, int) or not HEADER <= code <= FOOTER:
            raise DecodeError("not a section of a message")
        is_next = code > last and not (code in BODIES and last in BODIES)
        if not is_next and not (code == last and code in (DATA, SEQUENCE)):
            raise DecodeError("sections out of order")
        end = skip_value(data, pos)
        yield code, start, pos, end
        pos, last = end, code


def decode_section(data: bytes, pos: int, end: int) -> object:
    """Return a section's value; raise DecodeError unless it ends where the section does."""
    value, value_end = decode_value(data, pos)
    if value_end != end:
        raise DecodeError("section: size is wrong")
    return value


def encode_section(code: int, value: bytes) -> bytes:
    """Return a section of an encoded value."""
    return b"\x00\x53" + bytes((code,)) + value


def as_list(value: object) -> list[object]:
    """Return a decoded list, and an empty one for anything else."""
    return value if isinstance(value, list) else []


def field(fields: list[object], index: int) -> object:
    """Return a field of a header or of properties; those at the end may be left out."""
    return fields[index] if index < len(fields) else None


def text_or_none(value: object) -> str | None:
    """Return a decoded string, and None for any other type."""
    return value if isinstance(value, str) else None


def ttl_milliseconds(header: list[object]) -> int | None:
    """Return the message's time to live; None: unlimited."""
    value = field(header, _TTL)
    return value or None if type(value) is int else None


def user_text(value: object) -> str | None:
    """Return a user-id, which is binary, as text."""
    if not value or not isinstance(value, bytes | str):
        return None
    if isinstance(value, str):
        return value
    try:
        return value.decode()
    except ValueError:
        return value.decode("latin-1")
