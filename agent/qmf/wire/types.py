"""Values that travel in QMF bodies, and their widths.

A QMF map holds None, bool, int, float, str, bytes, UUID, lists and maps with string keys. An int of a certain width on
the wire is one of the subclasses below: consoles of typed languages care, Python does not. They are named after the
AMQP 1.0 primitive (AMQP 1.0 part 1, section 1.6), so that a transport finds its own class by `AMQP_NAMES`. A plain
int travels as `long`, a plain float as `double`.
"""

from typing import ClassVar, Self, TypeAlias
from uuid import UUID

Value: TypeAlias = "bool | int | float | str | bytes | UUID | list[Value] | dict[str, Value] | None"
Map: TypeAlias = dict[str, Value]


class Width(int):
    """An int that keeps its width on the wire."""

    __slots__ = ()
    minimum: ClassVar[int]
    maximum: ClassVar[int]

    def __new__(cls, value: int = 0) -> Self:
        """Make one; ValueError when the number does not fit."""
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
    """int64, as a plain int is."""

    __slots__ = ()
    minimum, maximum = -(2**63), 2**63 - 1


class Float32(float):
    """A float of four bytes."""

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
"""Width class -> the name of python-qpid-proton's class for the same primitive."""
