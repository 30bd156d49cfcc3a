"""Maps and lists in the AMQP 0-10 encoding (AMQP 0-10 section 4.2, qpid/amqp_0_10/Codecs.cpp).

Two places need it: the QMFv1 schema answer, which Python consoles ask for, and peers that put 0-10 bytes into the
data section of an AMQP 1.0 message. A map is: uint32 size of the rest, uint32 count, then str8 key, type octet, value;
a list the same without keys; an array uint32 size, one type octet, uint32 count, values. All big endian.
"""

import struct
from uuid import UUID

from .errors import Malformed, TooLarge
from .limits import MAX_KEY_BYTES, MAX_STRING_BYTES, Limits
from .types import Byte, Float32, Int, Map, Short, UByte, UInt, ULong, UShort, Value

_UINT = struct.Struct("!I")
_FIXED: dict[int, struct.Struct] = {
    0x01: struct.Struct("!b"),
    0x02: struct.Struct("!B"),
    0x08: struct.Struct("!?"),
    0x11: struct.Struct("!h"),
    0x12: struct.Struct("!H"),
    0x21: struct.Struct("!i"),
    0x22: struct.Struct("!I"),
    0x23: struct.Struct("!f"),
    0x31: struct.Struct("!q"),
    0x32: struct.Struct("!Q"),
    0x33: struct.Struct("!d"),
    0x38: struct.Struct("!Q"),
}
_CODES: dict[type, int] = {
    bool: 0x08,
    Byte: 0x01,
    UByte: 0x02,
    Short: 0x11,
    UShort: 0x12,
    Int: 0x21,
    UInt: 0x22,
    ULong: 0x32,
    Float32: 0x23,
}
_TEXT = {0x84: "iso-8859-15", 0x85: "utf-8", 0x86: "utf-16-be"}  # the high nibble tells the width of the length
_MAP, _LIST, _ARRAY, _VOID = 0xA8, 0xA9, 0xAA, 0xF0


def encode_map(value: Map) -> bytes:
    """Encode a sanitised map; Malformed for a key over 255 bytes."""
    parts = []
    for key, item in value.items():
        name = key.encode()
        if len(name) > MAX_KEY_BYTES:
            raise Malformed(f"0-10 map: a key of {len(name)} bytes")
        parts.append(bytes((len(name),)) + name + _encode(item))
    return _counted(parts)


def encode_list(value: list[Value]) -> bytes:
    """Encode a sanitised list."""
    return _counted([_encode(item) for item in value])


def _counted(parts: list[bytes]) -> bytes:
    content = b"".join(parts)
    return _UINT.pack(len(content) + 4) + _UINT.pack(len(parts)) + content


def _encode(value: Value) -> bytes:
    if value is None:
        return bytes((_VOID,))
    if isinstance(value, dict):
        return bytes((_MAP,)) + encode_map(value)
    if isinstance(value, list):
        return bytes((_LIST,)) + encode_list(value)
    if isinstance(value, UUID):
        return b"\x48" + value.bytes
    if isinstance(value, str):
        data = value.encode("utf-8", "replace")
        return _variable(0x95, data) if len(data) <= MAX_STRING_BYTES else _variable(0x90, data)
    if isinstance(value, bytes):
        return _variable(0x90, value)
    code = _CODES.get(type(value), 0x33 if isinstance(value, float) else 0x31 if value < 2**63 else 0x32)
    return bytes((code,)) + _FIXED[code].pack(value)


def _variable(code: int, data: bytes) -> bytes:
    if len(data) > 0xFFFF:
        return b"\xa0" + _UINT.pack(len(data)) + data
    return bytes((code,)) + struct.pack("!H", len(data)) + data


def decode_map(data: bytes, limits: Limits) -> Map:
    """Decode one map that fills the data; Malformed or TooLarge, whatever the bytes."""
    reader = MapReader(data, limits)
    return reader.take_map(0)


def decode_list(data: bytes, limits: Limits) -> list[Value]:
    """Decode one list that fills the data; Malformed or TooLarge, whatever the bytes."""
    reader = MapReader(data, limits)
    return reader.take_list(0)


class MapReader:
    """Reads 0-10 values one after another; counts and sizes that the bytes claim are never trusted."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        if len(data) > limits.size:
            raise TooLarge("0-10 body: too many bytes")
        self.data = data
        self.position = 0
        self.nodes = limits.nodes
        self.depth = limits.depth

    def take(self, size: int) -> bytes:
        """Take the next bytes, or raise Malformed at the end of the data."""
        end = self.position + size
        if end > len(self.data):
            raise Malformed("0-10 body: ends too early")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def number(self, size: int) -> int:
        """Take an unsigned number of so many bytes."""
        return int.from_bytes(self.take(size), "big")

    def str8(self) -> str:
        """Take a string with one byte of length."""
        return self.take(self.number(1)).decode("utf-8", "replace")

    def take_map(self, depth: int = 0) -> Map:
        """Take a map."""
        end, count = self._open(depth)
        result: Map = {}
        for _ in range(count):
            key = self.str8()
            result[key] = self._value(self.number(1), depth + 1)
        self._close(end)
        return result

    def take_list(self, depth: int = 0) -> list[Value]:
        """Take a list."""
        end, count = self._open(depth)
        result = [self._value(self.number(1), depth + 1) for _ in range(count)]
        self._close(end)
        return result

    def _array(self, depth: int) -> list[Value]:
        """Take an array: one type for all values, which may have no bytes at all."""
        end = self._end(depth)
        if end == self.position:
            return []
        code = self.number(1)
        result = [self._value(code, depth + 1) for _ in range(self.number(4))]
        self._close(end)
        return result

    def _open(self, depth: int) -> tuple[int, int]:
        end = self._end(depth)
        return end, self.number(4) if end > self.position else 0

    def _end(self, depth: int) -> int:
        if depth >= self.depth:
            raise TooLarge(f"0-10 body: nested deeper than {self.depth}")
        size = self.number(4)
        if self.position + size > len(self.data):
            raise Malformed("0-10 body: a size beyond the end")
        return self.position + size

    def _close(self, end: int) -> None:
        if self.position != end:
            raise Malformed("0-10 body: a size that does not fit its content")

    def _value(self, code: int, depth: int) -> Value:
        self.nodes -= 1
        if self.nodes < 0:
            raise TooLarge("0-10 body: too many values")
        fixed = _FIXED.get(code)
        if fixed is not None:
            number: Value = fixed.unpack(self.take(fixed.size))[0]
            return number
        if code == _MAP:
            return self.take_map(depth)
        if code == _LIST:
            return self.take_list(depth)
        if code == _ARRAY:
            return self._array(depth)
        if code == 0x48:
            return UUID(bytes=self.take(16))
        if code >> 4 == 0xF:  # void and bit: no bytes
            return None
        return self._opaque(code)

    def _opaque(self, code: int) -> Value:
        """Take a value whose type says only how long it is."""
        family = code >> 4
        if family < 8:
            return self.take(1 << family)
        if family in (8, 9, 10):
            data = self.take(self.number(1 << family - 8))
            encoding = _TEXT.get(0x80 | code & 0x0F)
            try:
                return data.decode(encoding) if encoding else data
            except ValueError:
                return data
        if family in (12, 13):
            return self.take(5 if family == 12 else 9)
        raise Malformed(f"0-10 body: type 0x{code:02x} is reserved")
