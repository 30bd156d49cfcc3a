"""Values in QMF message bodies, and the width of numbers.

A QMF map holds None, bool, int, float, str, bytes, UUID, lists and maps with string keys. Consoles in typed languages
need integers of a fixed width; these are the subclasses of int below. They are named after the AMQP 1.0 primitives
(AMQP 1.0 part 1, section 1.6). A plain int is sent as `long`, a plain float as `double`.
"""

from typing import ClassVar, Self, TypeAlias
from uuid import UUID

Value: TypeAlias = "bool | int | float | str | bytes | UUID | list[Value] | dict[str, Value] | None"
Map: TypeAlias = dict[str, Value]


class Width(int):
    """An int that is sent in a fixed width."""

    __slots__ = ()
    minimum: ClassVar[int]
    maximum: ClassVar[int]

    def __new__(cls, value: int = 0) -> Self:
        """Raise ValueError if the number does not fit."""
        if not cls.minimum <= value <= cls.maximum:
            raise ValueError(f"{value} does not fit into {cls.__name__}")
        return super().__new__(cls, value)


class UByte(Width):
    """uint8."""

    __slots__ = ()
    minimum, maximum = 0, 2**8 - 1


class UShort(Width):
    """uint16."""

    __slots__ = ()
    minimum, maximum = 0, 2**16 - 1


class UInt(Width):
    """uint32."""

    __slots__ = ()
    minimum, maximum = 0, 2**32 - 1


class ULong(Width):
    """uint64: times in nanoseconds, sizes, counters."""

    __slots__ = ()
    minimum, maximum = 0, 2**64 - 1


class Byte(Width):
    """int8."""

    __slots__ = ()
    minimum, maximum = -(2**7), 2**7 - 1


class Short(Width):
    """int16."""

    __slots__ = ()
    minimum, maximum = -(2**15), 2**15 - 1


class Int(Width):
    """int32."""

    __slots__ = ()
    minimum, maximum = -(2**31), 2**31 - 1


class Long(Width):
    """int64, like a plain int."""

    __slots__ = ()
    minimum, maximum = -(2**63), 2**63 - 1


class Float32(float):
    """A float that is sent in four bytes."""

    __slots__ = ()


AMQP_NAMES: dict[type, str] = {
    UByte: "ubyte",
    UShort: "ushort",
    UInt: "uint",
    ULong: "ulong",
    Byte: "byte",
    Short: "short",
    Int: "int32",
    Long: "long",
    Float32: "float32",
}
"""Width class -> name of python-qpid-proton's class for the same primitive."""
