"""Bytes to values in AMQP 1.0's type system (part 1, sections 1.2 and 1.6).

Integers of every width are plain ints, symbols and characters are text, arrays lists, described values bare; a
timestamp is its milliseconds, a decimal its bits. Hostile bytes cost what their length allows: depth is bounded, no
count is believed, and a container must end where its size says, so that who skips it and who reads it see the same.
"""

import struct
from collections.abc import Callable
from struct import Struct
from uuid import UUID

DEPTH = 64
EMPTY_ELEMENTS = 16
"""An array can claim any number of elements that take no bytes; so many are believed."""
CACHED_KEYS = 4_096
CACHED_LENGTH = 64

_Decoder = Callable[[bytes, int, int], tuple[object, int]]
_size32 = Struct(">I").unpack_from
_sizes32 = Struct(">II").unpack_from
_ulong = Struct(">Q").unpack_from
_long = Struct(">q").unpack_from


class DecodeError(ValueError):
    """What came is no message that can be read."""


def decode_value(data: bytes, at: int) -> tuple[object, int]:
    """Give the value that begins there, and where it ends; Undecodable."""
    try:
        value, end = _DECODERS[data[at]](data, at + 1, DEPTH)
    except IndexError:
        raise DecodeError("ends too early") from None
    except (struct.error, ValueError, TypeError, OverflowError) as error:
        raise DecodeError(str(error)) from None
    if end > len(data):
        raise DecodeError("ends too early")
    return value, end


def skip_value(data: bytes, at: int) -> int:
    """Give where the value that begins there ends, without a look at what it holds; Undecodable."""
    try:
        while not (code := data[at]):
            at = skip_value(data, at + 1)  # a descriptor, then what it describes
        kind = code >> 4
        if kind < 4:
            raise DecodeError(f"no such type: {code:#04x}")
        if kind < 0xA:
            end = at + 1 + _FIXED_WIDTHS[kind]
        elif kind & 1:
            end = at + 5 + int(_size32(data, at + 1)[0])
        else:
            end = at + 2 + data[at + 1]
    except (IndexError, struct.error, RecursionError):
        raise DecodeError("ends too early") from None
    if end > len(data):
        raise DecodeError("ends too early")
    return end


_FIXED_WIDTHS = {4: 0, 5: 1, 6: 2, 7: 4, 8: 8, 9: 16}


def _pairs(data: bytes, at: int, end: int, count: int, depth: int) -> tuple[object, int]:
    """Give a map; what is frequent is read here, for a call costs as much as the reading."""
    if depth <= 0:
        raise DecodeError("nested too deep")
    keys, decoders = _KEYS, _DECODERS
    result: dict[object, object] = {}
    read = 0
    while at < end:
        if data[at] == 0xA1:
            stop = at + 2 + data[at + 1]
            key: object = keys[data[at + 2 : stop]]
            at = stop
        else:
            key, at = decoders[data[at]](data, at + 1, depth - 1)
        code = data[at]
        if code == 0x80:
            result[key] = _ulong(data, at + 1)[0]
            at += 9
        elif code == 0xA1:
            stop = at + 2 + data[at + 1]
            result[key] = data[at + 2 : stop].decode()
            at = stop
        else:
            result[key], at = decoders[code](data, at + 1, depth - 1)
        read += 2
    if at != end or read != count:
        raise DecodeError("a map whose size or count is wrong")
    return result, at


def _items(data: bytes, at: int, end: int, count: int, depth: int) -> tuple[object, int]:
    if depth <= 0:
        raise DecodeError("nested too deep")
    decoders = _DECODERS
    result: list[object] = []
    while at < end:
        item, at = decoders[data[at]](data, at + 1, depth - 1)
        result.append(item)
    if at != end or len(result) != count:
        raise DecodeError("a list whose size or count is wrong")
    return result, at


def _elements(data: bytes, at: int, end: int, count: int, depth: int) -> tuple[object, int]:
    """Give an array: one constructor for all."""
    if depth <= 0:
        raise DecodeError("nested too deep")
    if data[at] == 0:
        _, at = _descriptor(data, at + 1, depth)
    decoder, before = _DECODERS[data[at]], at + 1
    at = before
    if count > max(end - at, EMPTY_ELEMENTS):
        raise DecodeError("an array that claims more than it has")
    result: list[object] = []
    for _ in range(count):
        item, at = decoder(data, at, depth - 1)
        result.append(item)
    if at != end:
        raise DecodeError("an array whose size or count is wrong")
    return result, at


def _descriptor(data: bytes, at: int, depth: int) -> tuple[object, int]:
    """Give a descriptor, and where what it describes begins."""
    if depth <= 0:
        raise DecodeError("nested too deep")
    return _DECODERS[data[at]](data, at + 1, depth - 1)


def _described(data: bytes, at: int, depth: int) -> tuple[object, int]:
    _, at = _descriptor(data, at, depth)
    return _DECODERS[data[at]](data, at + 1, depth - 1)


_Compound = Callable[[bytes, int, int, int, int], tuple[object, int]]


def _compound8(read: _Compound) -> _Decoder:
    def decode(data: bytes, at: int, depth: int) -> tuple[object, int]:
        return read(data, at + 2, at + 1 + data[at], data[at + 1], depth)

    return decode


def _compound32(read: _Compound) -> _Decoder:
    def decode(data: bytes, at: int, depth: int) -> tuple[object, int]:
        size, count = _sizes32(data, at)
        return read(data, at + 8, at + 4 + size, count, depth)

    return decode


def _constant(value: object) -> _Decoder:
    return lambda _data, at, _depth: (value, at)


def _number(form: str) -> _Decoder:
    packed = Struct(form)
    unpack, width = packed.unpack_from, packed.size
    return lambda data, at, _depth: (unpack(data, at)[0], at + width)


def _text8(data: bytes, at: int, _depth: int) -> tuple[object, int]:
    stop = at + 1 + data[at]
    return data[at + 1 : stop].decode(), stop


def _bytes8(data: bytes, at: int, _depth: int) -> tuple[object, int]:
    stop = at + 1 + data[at]
    return data[at + 1 : stop], stop


def _symbol8(data: bytes, at: int, _depth: int) -> tuple[object, int]:
    stop = at + 1 + data[at]
    return data[at + 1 : stop].decode("ascii"), stop


def _long_form(data: bytes, at: int) -> tuple[bytes, int]:
    stop = at + 4 + int(_size32(data, at)[0])
    if stop > len(data):
        raise DecodeError("ends too early")
    return data[at + 4 : stop], stop


def _text32(data: bytes, at: int, _depth: int) -> tuple[object, int]:
    found, stop = _long_form(data, at)
    return found.decode(), stop


def _bytes32(data: bytes, at: int, _depth: int) -> tuple[object, int]:
    return _long_form(data, at)


def _symbol32(data: bytes, at: int, _depth: int) -> tuple[object, int]:
    found, stop = _long_form(data, at)
    return found.decode("ascii"), stop


def _raw(width: int) -> _Decoder:
    return lambda data, at, _depth: (data[at : at + width], at + width)


def _uuid(data: bytes, at: int, _depth: int) -> tuple[object, int]:
    return UUID(bytes=data[at : at + 16]), at + 16


def _boolean(data: bytes, at: int, _depth: int) -> tuple[object, int]:
    return bool(data[at]), at + 1


def _character(data: bytes, at: int, _depth: int) -> tuple[object, int]:
    return data[at : at + 4].decode("utf-32-be"), at + 4


def _byte(data: bytes, at: int, _depth: int) -> tuple[object, int]:
    return data[at], at + 1


def _signed_byte(data: bytes, at: int, _depth: int) -> tuple[object, int]:
    return (data[at] ^ 0x80) - 0x80, at + 1


def _unknown(_data: bytes, at: int, _depth: int) -> tuple[object, int]:
    raise DecodeError(f"no type has the code of byte {at - 1}")


class _Keys(dict[bytes, str]):
    """Keys come again with each object: kept once, which also saves the memory of 10,000 objects' names."""

    def __missing__(self, data: bytes) -> str:
        text = data.decode()
        if len(data) <= CACHED_LENGTH:
            if len(self) >= CACHED_KEYS:
                self.clear()
            self[data] = text
        return text


_KEYS = _Keys()
_KNOWN: dict[int, _Decoder] = {
    0x00: _described,
    0x40: _constant(None),
    0x41: _constant(True),
    0x42: _constant(False),
    0x43: _constant(0),
    0x44: _constant(0),
    0x45: lambda _data, at, _depth: ([], at),
    **dict.fromkeys((0x50, 0x52, 0x53), _byte),
    **dict.fromkeys((0x51, 0x54, 0x55), _signed_byte),
    0x56: _boolean,
    0x60: _number(">H"),
    0x61: _number(">h"),
    0x70: _number(">I"),
    0x71: _number(">i"),
    0x72: _number(">f"),
    0x73: _character,
    0x74: _number(">I"),
    0x80: _number(">Q"),
    0x81: _number(">q"),
    0x82: _number(">d"),
    0x83: _number(">q"),
    0x84: _number(">Q"),
    0x94: _raw(16),
    0x98: _uuid,
    0xA0: _bytes8,
    0xA1: _text8,
    0xA3: _symbol8,
    0xB0: _bytes32,
    0xB1: _text32,
    0xB3: _symbol32,
    0xC0: _compound8(_items),
    0xC1: _compound8(_pairs),
    0xD0: _compound32(_items),
    0xD1: _compound32(_pairs),
    0xE0: _compound8(_elements),
    0xF0: _compound32(_elements),
}
_DECODERS: tuple[_Decoder, ...] = tuple(_KNOWN.get(code, _unknown) for code in range(256))
