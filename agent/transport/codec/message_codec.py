"""QMF messages to and from AMQP 1.0's message format (part 3, section 3.2): sections in their order, none twice.

An exchange reads the properties alone and hands the rest on; because every section ends where its size says, for it and
for who reads all of it, nobody can show the two different properties.
"""

from collections.abc import Iterator, Mapping
from uuid import UUID

from ...qmf.wire.message import Message
from ...qmf.wire.types import UInt, ULong
from .decoding import DecodeError, decode_value, skip_value
from .encoding import EncodeError, encode_list, encode_symbol, encode_value

__all__ = ["DecodeError", "EncodeError", "Envelope", "decode", "encode"]

HEADER, DELIVERY, ANNOTATIONS, PROPERTIES, APPLICATION = 0x70, 0x71, 0x72, 0x73, 0x74
DATA, SEQUENCE, VALUE, FOOTER = 0x75, 0x76, 0x77, 0x78
_NAMES = {
    "amqp:header:list": HEADER,
    "amqp:delivery-annotations:map": DELIVERY,
    "amqp:message-annotations:map": ANNOTATIONS,
    "amqp:properties:list": PROPERTIES,
    "amqp:application-properties:map": APPLICATION,
    "amqp:data:binary": DATA,
    "amqp:amqp-sequence:list": SEQUENCE,
    "amqp:amqp-value:*": VALUE,
    "amqp:footer:map": FOOTER,
}
_USER_ID, _TO, _SUBJECT, _REPLY_TO, _CORRELATION, _CONTENT_TYPE = 1, 2, 3, 4, 5, 6  # fields of the properties
_TTL = 2  # field of the header
_NULL = b"\x40"
_BODIES = (DATA, SEQUENCE, VALUE)
FIELDS = 64
"""More than any properties have."""


class Envelope:
    """An encoded message of which only header and properties are read: what an exchange needs.

    `subject` is the routing key, `to` where a message of an anonymous relay goes; `encode` gives the bytes back.
    """

    __slots__ = ("_data", "_end", "_fields", "_start", "subject", "to", "ttl_ms", "user_id")

    def __init__(self, data: bytes) -> None:
        self._data = data = bytes(data)
        self._start = self._end = 0
        self._fields: list[bytes] = []
        header: list[object] = []
        try:
            for code, start, at, end in _sections(data):
                if code == PROPERTIES:
                    self._fields, self._start, self._end = _slices(data, at, end), start, end
                elif code < PROPERTIES:
                    self._start = self._end = end
                    header = _as_list(_whole(data, at, end)) if code == HEADER else header
            fields = [decode_value(field, 0)[0] for field in self._fields[: _SUBJECT + 1]]
        except DecodeError as error:
            raise DecodeError(f"message of {len(data)} bytes: {error}") from None
        self.subject = _text(_get(fields, _SUBJECT))
        self.to = _text(_get(fields, _TO))
        self.ttl_ms = _milliseconds(header)
        self.user_id = _user(_get(fields, _USER_ID))

    def set_user_id(self, user: str) -> None:
        """Say who sent it."""
        fields = self._fields + [_NULL] * (_USER_ID + 1 - len(self._fields))
        fields[_USER_ID] = encode_value(user.encode())
        properties = _described(PROPERTIES, encode_list(fields))
        self._data = self._data[: self._start] + properties + self._data[self._end :]
        self._fields, self._end = fields, self._start + len(properties)
        self.user_id = user

    def encode(self) -> bytes:
        """Give the bytes."""
        return self._data


def encode(
    message: Message, *, address: str | None = None, subject: str | None = None, as_sequence: bool = False
) -> bytes:
    """Encode a message; `address` becomes the property `to`, `subject` stands for the message's own.

    `as_sequence` puts a list into an amqp-sequence section instead of an amqp-value. Raises `encoding.Unencodable`.
    """
    correlation = message.correlation_id
    if isinstance(correlation, int):
        correlation = ULong(correlation)
    fields = [
        _NULL,
        _NULL if message.user_id is None else encode_value(message.user_id.encode()),
        encode_value(address),
        encode_value(message.subject if subject is None else subject),
        encode_value(message.reply_to),
        encode_value(correlation),
        _NULL if message.content_type is None else encode_symbol(message.content_type),
    ]
    while fields and fields[-1] == _NULL:
        fields.pop()
    parts = []
    if message.ttl_ms:
        ttl = encode_value(UInt(min(message.ttl_ms, UInt.maximum)))
        parts.append(_described(HEADER, encode_list([_NULL, _NULL, ttl])))
    if fields:
        parts.append(_described(PROPERTIES, encode_list(fields)))
    if message.properties:
        parts.append(_described(APPLICATION, encode_value(dict(message.properties))))
    parts.append(_described(_kind(message, as_sequence=as_sequence), encode_value(message.body)))
    return b"".join(parts)


def decode(data: bytes, *, address: str = "") -> Message:
    """Decode a message as `hostinfo.agent.qmf` takes it; Undecodable for what nobody can read.

    `address` stands for a missing `to`: the exchange that it was received from.
    """
    data = bytes(data)  # none is made of bytes
    found: dict[int, object] = {}
    bodies: list[object] = []
    try:
        for code, _, at, end in _sections(data):
            value = _whole(data, at, end)
            if code in _BODIES:
                bodies.append(value)
            found[code] = value
        body = _body(bodies, is_data=DATA in found)
    except DecodeError as error:
        raise DecodeError(f"message of {len(data)} bytes: {error}") from None
    fields = _as_list(found.get(PROPERTIES))
    return Message(
        address=_text(_get(fields, _TO)) or address,
        subject=_text(_get(fields, _SUBJECT)),
        reply_to=_text(_get(fields, _REPLY_TO)),
        correlation_id=_correlation(_get(fields, _CORRELATION)),
        content_type=_text(_get(fields, _CONTENT_TYPE)),
        ttl_ms=_milliseconds(_as_list(found.get(HEADER))),
        user_id=_user(_get(fields, _USER_ID)),
        properties=_properties(found.get(APPLICATION)),
        body=body,
        is_data=DATA in found,
    )


def _sections(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Give the code of each section, where it begins, where its value begins, and where it ends."""
    at = last = 0
    while at < len(data):
        start = at
        if data[at]:
            raise DecodeError("no section where one should begin")
        descriptor, at = decode_value(data, at + 1)
        code = _NAMES.get(descriptor, 0) if isinstance(descriptor, str) else descriptor
        if not isinstance(code, int) or not HEADER <= code <= FOOTER:
            raise DecodeError("no section of a message")
        is_next = code > last and not (code in _BODIES and last in _BODIES)
        if not is_next and not (code == last and code in (DATA, SEQUENCE)):
            raise DecodeError("sections out of their order")
        end = skip_value(data, at)
        yield code, start, at, end
        at, last = end, code


def _whole(data: bytes, at: int, end: int) -> object:
    value, stop = decode_value(data, at)
    if stop != end:
        raise DecodeError("a section whose size is wrong")
    return value


def _slices(data: bytes, at: int, end: int) -> list[bytes]:
    """Give the fields of the properties as they stand."""
    if data[at] not in (0x45, 0xC0, 0xD0):
        raise DecodeError("properties that are no list")
    at += {0x45: 1, 0xC0: 3, 0xD0: 9}[data[at]]
    fields = []
    while at < end:
        stop = skip_value(data, at)
        fields.append(data[at:stop])
        at = stop
    if at != end or len(fields) > FIELDS:
        raise DecodeError("properties whose size is wrong")
    return fields


def _kind(message: Message, *, as_sequence: bool) -> int:
    if message.is_data and isinstance(message.body, bytes | bytearray | memoryview):
        return DATA
    return SEQUENCE if as_sequence and isinstance(message.body, list) else VALUE


def _body(bodies: list[object], *, is_data: bool) -> object:
    """Give the body, which may stand in several sections of data or sequence."""
    if is_data:
        if not all(isinstance(part, bytes) for part in bodies):
            raise DecodeError("a data section without binary")
        return b"".join(bodies)  # type: ignore[arg-type]  # as just seen
    if len(bodies) <= 1:
        return bodies[0] if bodies else None
    return [item for part in bodies for item in _as_list(part)]


def _described(code: int, value: bytes) -> bytes:
    return b"\x00\x53" + bytes((code,)) + value


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _get(fields: list[object], number: int) -> object:
    return fields[number] if number < len(fields) else None


def _milliseconds(header: list[object]) -> int | None:
    value = _get(header, _TTL)
    return value or None if type(value) is int else None


def _properties(found: object) -> Mapping[str, object]:
    if not isinstance(found, dict):
        return {}
    return {name: _loose(value) for name, value in found.items() if isinstance(name, str)}


def _loose(value: object) -> object:
    """An application property: binary that is UTF-8 is text (qpidd hands on untyped 0-10 strings so)."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except ValueError:
            return value
    return value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _user(value: object) -> str | None:
    if not value or not isinstance(value, bytes | str):
        return None
    if isinstance(value, str):
        return value
    try:
        return value.decode()
    except ValueError:
        return value.decode("latin-1")


def _correlation(value: object) -> str | bytes | int | UUID | None:
    if isinstance(value, int):
        return value if 0 <= value < 2**64 else None
    return value if isinstance(value, str | bytes | UUID) else None
