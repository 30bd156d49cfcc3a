"""An encoded message with its header and properties decoded: what an exchange needs to route it."""

from __future__ import annotations

from .decoding import decode_value, skip_value
from .encoding import encode_list, encode_value
from .errors import DecodeError
from .sections import (
    HEADER,
    PROPERTIES,
    SUBJECT,
    TO,
    USER_ID,
    as_list,
    decode_section,
    encode_section,
    field,
    iter_sections,
    text_or_none,
    ttl_milliseconds,
    user_text,
)

_NULL = b"\x40"
_LIST_HEAD_BYTES = {0x45: 1, 0xC0: 3, 0xD0: 9}
MAX_PROPERTIES = 64
"""More fields than the specification's properties have."""


class Envelope:
    """Header and properties of an encoded message; `encode` returns the bytes, with the user-id that was set.

    `subject` is the routing key; `to` is the node that a message sent over an anonymous relay is for.
    """

    __slots__ = ("_data", "_end", "_fields", "_start", "subject", "to", "ttl_ms", "user_id")

    def __init__(self, data: bytes) -> None:
        """Raise DecodeError when the sections, the header or the properties are not valid."""
        self._data = data = bytes(data)
        self._start = self._end = 0  # of the properties
        self._fields: list[bytes] = []
        header: list[object] = []
        try:
            for code, start, pos, end in iter_sections(data):
                if code == PROPERTIES:
                    self._fields, self._start, self._end = _split_list(data, pos, end), start, end
                elif code < PROPERTIES:
                    self._start = self._end = end
                    header = as_list(decode_section(data, pos, end)) if code == HEADER else header
            fields = [decode_value(item, 0)[0] for item in self._fields[: SUBJECT + 1]]
        except DecodeError as error:
            raise DecodeError(f"message of {len(data)} bytes: {error}") from None
        self.subject = text_or_none(field(fields, SUBJECT))
        self.to = text_or_none(field(fields, TO))
        self.ttl_ms = ttl_milliseconds(header)
        self.user_id = user_text(field(fields, USER_ID))

    def set_user_id(self, user: str) -> None:
        """Replace the user-id; all other properties keep their type and bytes."""
        fields = self._fields + [_NULL] * (USER_ID + 1 - len(self._fields))
        fields[USER_ID] = encode_value(user.encode())
        properties = encode_section(PROPERTIES, encode_list(fields))
        self._data = self._data[: self._start] + properties + self._data[self._end :]
        self._fields, self._end = fields, self._start + len(properties)
        self.user_id = user

    def encode(self) -> bytes:
        """Return the message's bytes."""
        return self._data


def _split_list(data: bytes, pos: int, end: int) -> list[bytes]:
    """Return the items of a list, still encoded."""
    if data[pos] not in _LIST_HEAD_BYTES:
        raise DecodeError("properties: not a list")
    pos += _LIST_HEAD_BYTES[data[pos]]
    fields = []
    while pos < end:
        item_end = skip_value(data, pos)
        fields.append(data[pos:item_end])
        pos = item_end
    if pos != end or len(fields) > MAX_PROPERTIES:
        raise DecodeError("properties: size is wrong")
    return fields
