"""Decoders of AMQP 1.0's scalar types (part 1, section 1.6), by the constructor's code.

A decoder takes the data, the position after the constructor, and the depth that is left; it returns the value and the
position after it. It may read past the end of the data: the caller checks.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import TypeAlias
from uuid import UUID

from .errors import DecodeError

Decoder: TypeAlias = Callable[[bytes, int, int], tuple[object, int]]
unpack_size32 = Struct(">I").unpack_from


def _constant(value: object) -> Decoder:
    return lambda _data, pos, _depth: (value, pos)


def _fixed(form: str) -> Decoder:
    packed = Struct(form)
    unpack, width = packed.unpack_from, packed.size
    return lambda data, pos, _depth: (unpack(data, pos)[0], pos + width)


def _fixed_bytes(width: int) -> Decoder:
    return lambda data, pos, _depth: (data[pos : pos + width], pos + width)


def _boolean(data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    return bool(data[pos]), pos + 1


def _unsigned_byte(data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    return data[pos], pos + 1


def _signed_byte(data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    return (data[pos] ^ 0x80) - 0x80, pos + 1


def _char(data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    return data[pos : pos + 4].decode("utf-32-be"), pos + 4


def _uuid(data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    return UUID(bytes=data[pos : pos + 16]), pos + 16


def _binary8(data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    end = pos + 1 + data[pos]
    return data[pos + 1 : end], end


def _string8(data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    end = pos + 1 + data[pos]
    return data[pos + 1 : end].decode(), end


def _symbol8(data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    end = pos + 1 + data[pos]
    return data[pos + 1 : end].decode("ascii"), end


def _variable32(data: bytes, pos: int) -> tuple[bytes, int]:
    end = pos + 4 + int(unpack_size32(data, pos)[0])
    if end > len(data):
        raise DecodeError("truncated")
    return data[pos + 4 : end], end


def _binary32(data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    return _variable32(data, pos)


def _string32(data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    content, end = _variable32(data, pos)
    return content.decode(), end


def _symbol32(data: bytes, pos: int, _depth: int) -> tuple[object, int]:
    content, end = _variable32(data, pos)
    return content.decode("ascii"), end


SCALAR_DECODERS: dict[int, Decoder] = {
    0x40: _constant(None),
    0x41: _constant(True),
    0x42: _constant(False),
    0x43: _constant(0),
    0x44: _constant(0),
    0x50: _unsigned_byte,
    0x51: _signed_byte,
    0x52: _unsigned_byte,
    0x53: _unsigned_byte,
    0x54: _signed_byte,
    0x55: _signed_byte,
    0x56: _boolean,
    0x60: _fixed(">H"),
    0x61: _fixed(">h"),
    0x70: _fixed(">I"),
    0x71: _fixed(">i"),
    0x72: _fixed(">f"),
    0x73: _char,
    0x74: _fixed(">I"),
    0x80: _fixed(">Q"),
    0x81: _fixed(">q"),
    0x82: _fixed(">d"),
    0x83: _fixed(">q"),
    0x84: _fixed(">Q"),
    0x94: _fixed_bytes(16),
    0x98: _uuid,
    0xA0: _binary8,
    0xA1: _string8,
    0xA3: _symbol8,
    0xB0: _binary32,
    0xB1: _string32,
    0xB3: _symbol32,
}
