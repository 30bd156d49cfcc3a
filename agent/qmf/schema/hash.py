"""The hash of a schema as the C++ library computes it (qmf/Hash.cpp, Schema.cpp, SchemaProperty.cpp, SchemaMethod.cpp).

A 128-bit shift register: weak, good enough to see that a schema changed, and equal to what C++ agents send for the
same schema. Bytes are signed chars there, so that those over 127 borrow from the sum; descriptions of classes are not
hashed.
"""

from uuid import UUID

from .classes import SchemaClass, SchemaProperty

_MASK = 2**64 - 1
_SEED = 0x5A5A_5A5A_5A5A_5A5A


class _Register:
    def __init__(self) -> None:
        self.first = self.second = _SEED

    def update(self, data: bytes) -> None:
        for byte in data:
            signed = byte - 256 if byte > 127 else byte
            recycled = self.second >> 56
            self.second = self.second << 8 & _MASK | self.first >> 56
            self.first = (self.first << 8) + signed + recycled & _MASK

    def text(self, *texts: str) -> None:
        for text in texts:
            self.update(text.encode("utf-8", "replace"))

    def number(self, *numbers: int) -> None:
        self.update(bytes(numbers))


def schema_hash(schema: SchemaClass) -> UUID:
    """Compute the hash over kind, names, properties and methods, in their order."""
    register = _Register()
    register.number(schema.kind)
    register.text(schema.package, schema.name)
    for item in schema.properties:
        _add(register, item)
    for method in schema.methods:
        register.text(method.name, method.description)
        for item in method.arguments:
            _add(register, item)
    return UUID(bytes=register.first.to_bytes(8, "little") + register.second.to_bytes(8, "little"))


def _add(register: _Register, item: SchemaProperty) -> None:
    register.text(item.name)
    register.number(item.type)
    register.text(item.subtype)
    register.number(item.access, item.is_index, item.is_optional)
    register.text(item.unit, item.description)
    register.number(item.direction)
