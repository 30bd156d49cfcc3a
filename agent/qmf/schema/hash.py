"""The hash of a schema as the C++ library computes it.

Read from qmf/Hash.cpp, Schema.cpp, SchemaProperty.cpp and SchemaMethod.cpp. The hash is a 128-bit shift register:
cryptographically weak, but good enough to detect a change, and equal to what C++ agents send for the same schema. The
C++ code adds signed chars, so a byte above 127 is negative. Descriptions of classes are not hashed.
"""

from collections.abc import Iterable
from uuid import UUID

from .members import SchemaMethod, SchemaProperty
from .schema_id import SchemaKind

_MASK = 2**64 - 1
_SEED = 0x5A5A_5A5A_5A5A_5A5A


def schema_hash(
    kind: SchemaKind, package: str, name: str, properties: Iterable[SchemaProperty], methods: Iterable[SchemaMethod]
) -> UUID:
    """Return the hash over kind, names, properties and methods; their order counts."""
    register = _ShiftRegister()
    register.add_numbers(kind)
    register.add_texts(package, name)
    for item in properties:
        _add_property(register, item)
    for method in methods:
        register.add_texts(method.name, method.description)
        for item in method.arguments:
            _add_property(register, item)
    return UUID(bytes=register.first.to_bytes(8, "little") + register.second.to_bytes(8, "little"))


class _ShiftRegister:
    def __init__(self) -> None:
        self.first = self.second = _SEED

    def add_bytes(self, data: bytes) -> None:
        for byte in data:
            signed = byte - 256 if byte > 127 else byte
            recycled = self.second >> 56
            self.second = self.second << 8 & _MASK | self.first >> 56
            self.first = (self.first << 8) + signed + recycled & _MASK

    def add_texts(self, *texts: str) -> None:
        for text in texts:
            self.add_bytes(text.encode("utf-8", "replace"))

    def add_numbers(self, *numbers: int) -> None:
        self.add_bytes(bytes(numbers))


def _add_property(register: _ShiftRegister, item: SchemaProperty) -> None:
    register.add_texts(item.name)
    register.add_numbers(item.type)
    register.add_texts(item.subtype)
    register.add_numbers(item.access, item.is_index, item.is_optional)
    register.add_texts(item.unit, item.description)
    register.add_numbers(item.direction)
