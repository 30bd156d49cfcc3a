"""Encode the attributes of rtnetlink requests, in the byte order of this machine."""

from __future__ import annotations

from collections.abc import Iterable
from struct import pack

NLA_F_NESTED = 0x8000


def attribute(kind: int, value: bytes) -> bytes:
    """Return an attribute with its header, padded to 4 bytes."""
    return pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def nested(kind: int, attributes: Iterable[bytes]) -> bytes:
    """Return an attribute that consists of others."""
    return attribute(kind | NLA_F_NESTED, b"".join(attributes))


def string(kind: int, text: str) -> bytes:
    """Return a null-terminated string."""
    return attribute(kind, text.encode("utf-8", "surrogateescape") + b"\0")


def number(kind: int, value: int, size: int = 4) -> bytes:
    """Return an unsigned number of 1, 2 or 4 bytes."""
    return attribute(kind, pack({1: "=B", 2: "=H", 4: "=I"}[size], value))


def hardware_address(kind: int, text: str) -> bytes:
    """Return a hardware address of any length."""
    return attribute(kind, bytes.fromhex(text.replace(":", "")))
