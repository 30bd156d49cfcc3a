"""Maps and lists in the AMQP 0-10 encoding (AMQP 0-10 section 4.2, qpid/amqp_0_10/Codecs.cpp).

Two uses need it: the QMFv1 schema response that Python consoles request, and peers that put a 0-10 encoded body into
the data section of an AMQP 1.0 message. All numbers are big endian:

- map: uint32 size of the rest, uint32 count, then for each entry a str8 key, a type octet and the value;
- list: the same without keys;
- array: uint32 size of the rest, one type octet, uint32 count, values.
"""

import struct
from uuid import UUID

from .errors import Malformed, TooLarge
from .limits import MAX_KEY_BYTES, MAX_STRING_BYTES, Limits
from .types import Byte, Float32, Int, Map, Short, UByte, UInt, ULong, UShort, Value

_UINT32 = struct.Struct("!I")
_FIXED_FORMATS: dict[int, struct.Struct] = {
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
_TYPE_CODES: dict[type, int] = {
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
_TEXT_ENCODINGS = {0x84: "iso-8859-15", 0x85: "utf-8", 0x86: "utf-16-be"}  # the high nibble is the width of the length
_MAP, _LIST, _ARRAY, _VOID = 0xA8, 0xA9, 0xAA, 0xF0


def encode_map(value: Map) -> bytes:
    """Encode a sanitised map; Malformed if a key is over 255 bytes."""
    parts = []
    for key, item in value.items():
        name = key.encode()
        if len(name) > MAX_KEY_BYTES:
            raise Malformed(f"0-10 map: a key of {len(name)} bytes; at most {MAX_KEY_BYTES} are allowed")
        parts.append(bytes((len(name),)) + name + _encode(item))
    return _with_head(parts)


def encode_list(value: list[Value]) -> bytes:
    """Encode a sanitised list."""
    return _with_head([_encode(item) for item in value])


def _with_head(parts: list[bytes]) -> bytes:
    content = b"".join(parts)
    return _UINT32.pack(len(content) + 4) + _UINT32.pack(len(parts)) + content


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
        return _encode_variable(0x95, data) if len(data) <= MAX_STRING_BYTES else _encode_variable(0x90, data)
    if isinstance(value, bytes):
        return _encode_variable(0x90, value)
    code = _TYPE_CODES.get(type(value), 0x33 if isinstance(value, float) else 0x31 if value < 2**63 else 0x32)
    return bytes((code,)) + _FIXED_FORMATS[code].pack(value)


def _encode_variable(code: int, data: bytes) -> bytes:
    if len(data) > 0xFFFF:
        return b"\xa0" + _UINT32.pack(len(data)) + data
    return bytes((code,)) + struct.pack("!H", len(data)) + data


def decode_map(data: bytes, limits: Limits) -> Map:
    """Decode one map; Malformed or TooLarge if the data is not acceptable."""
    return MapReader(data, limits).read_map()


def decode_list(data: bytes, limits: Limits) -> list[Value]:
    """Decode one list; Malformed or TooLarge if the data is not acceptable."""
    return MapReader(data, limits).read_list()


class MapReader:
    """Reads 0-10 values in sequence; checks every count and size against the data and the limits."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        if len(data) > limits.size:
            raise TooLarge("0-10 body: too many bytes")
        self.data = data
        self.position = 0
        self.nodes = limits.nodes
        self.depth = limits.depth

    def read_bytes(self, size: int) -> bytes:
        """Read so many bytes; Malformed if fewer are left."""
        end = self.position + size
        if end > len(self.data):
            raise Malformed("0-10 body: truncated")
        start, self.position = self.position, end
        return self.data[start:end]

    def read_uint(self, size: int) -> int:
        """Read an unsigned integer of so many bytes."""
        return int.from_bytes(self.read_bytes(size), "big")

    def read_str8(self) -> str:
        """Read a string that is preceded by one byte of length."""
        return self.read_bytes(self.read_uint(1)).decode("utf-8", "replace")

    def read_map(self, depth: int = 0) -> Map:
        """Read a map at a nesting depth."""
        end, count = self._read_head(depth)
        result: Map = {}
        for _ in range(count):
            key = self.read_str8()
            result[key] = self._read_value(self.read_uint(1), depth + 1)
        self._check_end(end)
        return result

    def read_list(self, depth: int = 0) -> list[Value]:
        """Read a list at a nesting depth."""
        end, count = self._read_head(depth)
        result = [self._read_value(self.read_uint(1), depth + 1) for _ in range(count)]
        self._check_end(end)
        return result

    def _read_array(self, depth: int) -> list[Value]:
        """Read an array. All values are of one type, and may be of size 0: the count is bounded by the limits alone."""
        end = self._read_end(depth)
        if end == self.position:
            return []
        code = self.read_uint(1)
        result = [self._read_value(code, depth + 1) for _ in range(self.read_uint(4))]
        self._check_end(end)
        return result

    def _read_head(self, depth: int) -> tuple[int, int]:
        end = self._read_end(depth)
        return end, self.read_uint(4) if end > self.position else 0

    def _read_end(self, depth: int) -> int:
        if depth >= self.depth:
            raise TooLarge(f"0-10 body: nested deeper than {self.depth}")
        size = self.read_uint(4)
        if self.position + size > len(self.data):
            raise Malformed("0-10 body: a size exceeds the data")
        return self.position + size

    def _check_end(self, end: int) -> None:
        if self.position != end:
            raise Malformed("0-10 body: a size does not match its content")

    def _read_value(self, code: int, depth: int) -> Value:
        self.nodes -= 1
        if self.nodes < 0:
            raise TooLarge("0-10 body: too many values")
        fixed = _FIXED_FORMATS.get(code)
        if fixed is not None:
            number: Value = fixed.unpack(self.read_bytes(fixed.size))[0]
            return number
        if code == _MAP:
            return self.read_map(depth)
        if code == _LIST:
            return self.read_list(depth)
        if code == _ARRAY:
            return self._read_array(depth)
        if code == 0x48:
            return UUID(bytes=self.read_bytes(16))
        if code >> 4 == 0xF:  # void and bit: no bytes
            return None
        return self._read_opaque(code)

    def _read_opaque(self, code: int) -> Value:
        """Read a value of a type without a decoder; the type code gives the size."""
        family = code >> 4
        if family < 8:
            return self.read_bytes(1 << family)
        if family in (8, 9, 10):
            data = self.read_bytes(self.read_uint(1 << family - 8))
            encoding = _TEXT_ENCODINGS.get(0x80 | code & 0x0F)
            try:
                return data.decode(encoding) if encoding else data
            except ValueError:
                return data
        if family in (12, 13):
            return self.read_bytes(5 if family == 12 else 9)
        raise Malformed(f"0-10 body: type 0x{code:02x} is reserved")
