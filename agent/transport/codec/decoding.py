"""Bytes to values in AMQP 1.0's type system (part 1, sections 1.2 and 1.6).

Integers of every width become int, symbols and characters str, arrays lists. A described value loses its descriptor, a
timestamp is its milliseconds, a decimal its bits.

Hostile bytes cost no more than their length allows. Depth is bounded, no count is trusted, and a container must end
at its declared size: so a reader that skips it and one that decodes it agree on its end.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from struct import Struct
from typing import TypeAlias

from .errors import DecodeError
from .scalar_decoding import SCALAR_DECODERS, Decoder, unpack_size32

MAX_DEPTH = 64
MAX_EMPTY_ELEMENTS = 16
"""An array can claim any number of elements that take no bytes; more than this many are refused."""
MAX_CACHED_KEYS = 4_096
MAX_CACHED_KEY_LENGTH = 64

_unpack_size_count32 = Struct(">II").unpack_from
_unpack_ulong = Struct(">Q").unpack_from
_FIXED_WIDTHS = {4: 0, 5: 1, 6: 2, 7: 4, 8: 8, 9: 16}


def decode_value(data: bytes, pos: int) -> tuple[object, int]:
    """Return the value that starts at a position, and the position after it; raise DecodeError."""
    try:
        value, end = _DECODERS[data[pos]](data, pos + 1, MAX_DEPTH)
    except IndexError:
        raise DecodeError("truncated") from None
    except (struct.error, ValueError, TypeError, OverflowError) as error:
        raise DecodeError(str(error)) from None
    if end > len(data):
        raise DecodeError("truncated")
    return value, end


def skip_value(data: bytes, pos: int) -> int:
    """Return the position after the value that starts at a position, without decoding it; raise DecodeError."""
    try:
        while not (code := data[pos]):
            pos = skip_value(data, pos + 1)  # a descriptor, then what it describes
        category = code >> 4
        if category < 4:
            raise DecodeError(f"unknown type code {code:#04x}")
        if category < 0xA:
            end = pos + 1 + _FIXED_WIDTHS[category]
        elif category & 1:
            end = pos + 5 + int(unpack_size32(data, pos + 1)[0])
        else:
            end = pos + 2 + data[pos + 1]
    except (IndexError, struct.error, RecursionError):
        raise DecodeError("truncated") from None
    if end > len(data):
        raise DecodeError("truncated")
    return end


def _map(data: bytes, pos: int, end: int, count: int, depth: int) -> tuple[object, int]:
    """Decode a map; string keys, strings and ulongs here, because a call costs as much as decoding them."""
    if depth <= 0:
        raise DecodeError("nested too deeply")
    keys, decoders = _KEY_CACHE, _DECODERS
    result: dict[object, object] = {}
    read = 0
    while pos < end:
        if data[pos] == 0xA1:
            key_end = pos + 2 + data[pos + 1]
            key: object = keys[data[pos + 2 : key_end]]
            pos = key_end
        else:
            key, pos = decoders[data[pos]](data, pos + 1, depth - 1)
        code = data[pos]
        if code == 0x80:
            result[key] = _unpack_ulong(data, pos + 1)[0]
            pos += 9
        elif code == 0xA1:
            value_end = pos + 2 + data[pos + 1]
            result[key] = data[pos + 2 : value_end].decode()
            pos = value_end
        else:
            result[key], pos = decoders[code](data, pos + 1, depth - 1)
        read += 2
    if pos != end or read != count:
        raise DecodeError("map: size or count is wrong")
    return result, pos


def _list(data: bytes, pos: int, end: int, count: int, depth: int) -> tuple[object, int]:
    if depth <= 0:
        raise DecodeError("nested too deeply")
    decoders = _DECODERS
    result: list[object] = []
    while pos < end:
        item, pos = decoders[data[pos]](data, pos + 1, depth - 1)
        result.append(item)
    if pos != end or len(result) != count:
        raise DecodeError("list: size or count is wrong")
    return result, pos


def _array(data: bytes, pos: int, end: int, count: int, depth: int) -> tuple[object, int]:
    """Decode an array: one constructor for all elements."""
    if depth <= 0:
        raise DecodeError("nested too deeply")
    if data[pos] == 0:
        _, pos = _descriptor(data, pos + 1, depth)
    decoder = _DECODERS[data[pos]]
    pos += 1
    if count > max(end - pos, MAX_EMPTY_ELEMENTS):
        raise DecodeError("array: count exceeds its size")
    result: list[object] = []
    for _ in range(count):
        item, pos = decoder(data, pos, depth - 1)
        result.append(item)
    if pos != end:
        raise DecodeError("array: size or count is wrong")
    return result, pos


def _descriptor(data: bytes, pos: int, depth: int) -> tuple[object, int]:
    """Return a descriptor, and the position of what it describes."""
    if depth <= 0:
        raise DecodeError("nested too deeply")
    return _DECODERS[data[pos]](data, pos + 1, depth - 1)


def _described(data: bytes, pos: int, depth: int) -> tuple[object, int]:
    _, pos = _descriptor(data, pos, depth)
    return _DECODERS[data[pos]](data, pos + 1, depth - 1)


_CompoundDecoder: TypeAlias = Callable[[bytes, int, int, int, int], tuple[object, int]]
"""Takes data, position of the first item, end, count, depth."""


def _compound8(read: _CompoundDecoder) -> Decoder:
    def decode(data: bytes, pos: int, depth: int) -> tuple[object, int]:
        end = pos + 1 + data[pos]
        if end > len(data):
            raise DecodeError("truncated")
        return read(data, pos + 2, end, data[pos + 1], depth)

    return decode


def _compound32(read: _CompoundDecoder) -> Decoder:
    def decode(data: bytes, pos: int, depth: int) -> tuple[object, int]:
        size, count = _unpack_size_count32(data, pos)
        end = pos + 4 + size
        if end > len(data):  # before an item is read: items that take no bytes would fill what is only claimed
            raise DecodeError("truncated")
        return read(data, pos + 8, end, count, depth)

    return decode


def _unknown(_data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    raise DecodeError(f"unknown type code at byte {pos - 1}")


class _KeyCache(dict[bytes, str]):
    """Each key's text once: 10,000 objects have the same keys, which also saves their memory."""

    def __missing__(self, data: bytes) -> str:
        text = data.decode()
        if len(data) <= MAX_CACHED_KEY_LENGTH:
            if len(self) >= MAX_CACHED_KEYS:
                self.clear()
            self[data] = text
        return text


_KEY_CACHE = _KeyCache()
_DECODERS_BY_CODE: dict[int, Decoder] = {
    **SCALAR_DECODERS,
    0x00: _described,
    0x45: lambda _data, pos, _depth: ([], pos),
    0xC0: _compound8(_list),
    0xC1: _compound8(_map),
    0xD0: _compound32(_list),
    0xD1: _compound32(_map),
    0xE0: _compound8(_array),
    0xF0: _compound32(_array),
}
_DECODERS: tuple[Decoder, ...] = tuple(_DECODERS_BY_CODE.get(code, _unknown) for code in range(256))
