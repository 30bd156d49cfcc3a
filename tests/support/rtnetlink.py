"""Writes rtnetlink messages, from linux/if_link.h, if_addr.h and rtnetlink.h."""

import struct
from typing import Literal

Order = Literal["little", "big"]
BYTE_ORDERS = {"little": "<", "big": ">"}
NEWLINK, NEWADDR, NEWROUTE = 16, 20, 24


class Encoder:
    """Writes messages in one byte order."""

    def __init__(self, order: Order) -> None:
        self.order: Order = order
        self.byte_order = BYTE_ORDERS[order]

    def message(self, kind: int, payload: bytes) -> bytes:
        return self.pack("IHHII", 16 + len(payload), kind, 2, 1, 1) + payload + bytes(-len(payload) % 4)

    def pack(self, layout: str, *values: int) -> bytes:
        return struct.pack(self.byte_order + layout, *values)

    def attribute(self, kind: int, value: bytes | str | int) -> bytes:
        if isinstance(value, str):
            value = value.encode() + b"\0"
        elif isinstance(value, int):
            value = self.pack("I", value)
        return self.pack("HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)

    def link(self, index: int, name: str, *attributes: bytes, flags: int = 0x1043, device: int = 1) -> bytes:
        head = self.pack("BxHiII", 0, device, index, flags, 0)
        return self.message(NEWLINK, head + self.attribute(3, name) + b"".join(attributes))

    def info(self, kind: str, *data: bytes) -> bytes:
        return self.attribute(18, self.attribute(1, kind) + self.attribute(2 | 0x8000, b"".join(data)))

    @property
    def end(self) -> bytes:
        return self.message(3, bytes(4))


NATIVE = Encoder("little")
