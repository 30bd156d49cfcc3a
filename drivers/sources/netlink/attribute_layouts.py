"""Attributes of many messages that are laid out alike, as those of a dump are.

A link has forty attributes, of which a dozen are wanted, and thousands of links are laid out in a handful of ways.
So the layout of a message is remembered: of another one as long, whose attributes' headers are all the same, the
wanted values are cut out at once instead of in a loop.
"""

from _operator import itemgetter  # operator's own, without the rest of it
from struct import Struct

from .message import NESTED_BITS, attribute_header, attributes, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .message import Order

_MOST = 64
"""Layouts that are learnt of one dump: where there are more, learning them costs more than it saves."""
_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Layouts:
    """The layouts of one dump's messages."""

    __slots__ = ("_known", "_learnt", "_numbers", "_order", "_source", "_types", "_wanted")

    def __init__(self, wanted: tuple[int, ...], numbers: frozenset[int], source: str, order: "Order") -> None:
        """``wanted``: the types of two or more attributes; ``numbers``: those of them that are unsigned numbers."""
        self._wanted = wanted
        self._types = frozenset(wanted)
        self._numbers = numbers
        self._source = source
        self._order: Order = order
        self._known: dict[tuple[int, bytes], _Layout] = {}
        self._learnt = 0

    def values(self, data: bytes, start: int, end: int) -> "tuple[Any, ...]":
        """The wanted attributes between two offsets, in the order in which they are wanted: bytes, int or None.

        Of equal ones the last. ParseError if one is cut off.
        """
        key = (end - start, data[start : start + 4])
        layout = self._known.get(key)
        if layout is not None:
            headers, expected, values, choose = layout
            if headers(data, start) == expected:
                return choose(values(data, start) + _ABSENT)
        found = attributes(data, start, end, self._types, self._source, self._order)
        if self._learnt < _MOST:
            self._learnt += 1
            self._learn(key, data, start, end)
        order, numbers = self._order, self._numbers
        return tuple([number(found.get(kind), order) if kind in numbers else found.get(kind) for kind in self._wanted])

    def _learn(self, key: tuple[int, bytes], data: bytes, start: int, end: int) -> None:
        """Remember the layout of a message that could be read, unless it has a number of a strange length."""
        unpack, place = attribute_header(self._order).unpack_from, start
        headers = values = "<" if self._order == "little" else ">"
        types: list[int] = []
        while place <= end - 4:
            length, kind = unpack(data, place)
            following = min(place + length + 3 & ~3, end)
            headers += f"I{following - place - 4}x"
            if (kind := kind & NESTED_BITS) not in self._types:
                values += f"{following - place}x"
            else:
                code = _CODES.get(length - 4) if kind in self._numbers else f"{length - 4}s"
                if code is None:
                    return
                values += f"4x{code}{following - place - length}x"
                types.append(kind)
            place = following
        positions = {kind: position for position, kind in enumerate(types)}
        choose = itemgetter(*[positions.get(kind, len(types)) for kind in self._wanted])
        of_headers = Struct(headers).unpack_from
        self._known[key] = (of_headers, of_headers(data, start), Struct(values).unpack_from, choose)


_ABSENT = (None,)
if TYPE_CHECKING:
    _Layout = tuple[
        Callable[[bytes, int], tuple[Any, ...]], tuple[Any, ...],
        Callable[[bytes, int], tuple[Any, ...]], Callable[[tuple[Any, ...]], tuple[Any, ...]],
    ]  # fmt: skip
