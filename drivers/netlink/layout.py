"""Attributes of many messages that are laid out alike, as those of a dump are.

A link has forty attributes, of which a dozen are wanted, and thousands of links are laid out in a handful of ways.
So the layout of a message is remembered: of another one as long, whose attributes' headers are all the same, the
wanted values are cut out at once instead of in a loop.
"""

from collections.abc import Callable
from struct import Struct

from .message import NESTED_BITS, attribute_header, attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .message import Order

_MOST = 64
"""Layouts that are learnt of one dump: where there are more, learning them costs more than it saves."""


class Layouts:
    """The layouts of one dump's messages."""

    __slots__ = ("_known", "_learnt", "_order", "_source", "_wanted")

    def __init__(self, wanted: frozenset[int], source: str, order: "Order") -> None:
        self._wanted = wanted
        self._source = source
        self._order: Order = order
        self._known: dict[tuple[int, bytes], _Layout] = {}
        self._learnt = 0

    def attributes(self, data: bytes, start: int, end: int) -> dict[int, bytes]:
        """The wanted attributes between two offsets by their type, as `message.attributes` gives them."""
        key = (end - start, data[start : start + 4])
        layout = self._known.get(key)
        if layout is not None:
            headers, expected, values, types = layout
            if headers(data, start) == expected:
                return dict(zip(types, values(data, start), strict=True))
        found = attributes(data, start, end, self._wanted, self._source, self._order)
        if self._learnt < _MOST and end - start >= 4:
            self._known[key] = self._learn(data, start, end)
            self._learnt += 1
        return found

    def _learn(self, data: bytes, start: int, end: int) -> "_Layout":
        """The layout of a message that could be read: how to unpack headers and values, and the headers as they are."""
        unpack, place = attribute_header(self._order).unpack_from, start
        headers, values, types = "", "", []
        while place <= end - 4:
            length, kind = unpack(data, place)
            following = min(place + length + 3 & ~3, end)
            headers += f"I{following - place - 4}x"
            if (kind := kind & NESTED_BITS) in self._wanted:
                values += f"4x{length - 4}s{following - place - length}x"
                types.append(kind)
            else:
                values += f"{following - place}x"
            place = following
        of_headers = Struct("=" + headers).unpack_from
        return of_headers, of_headers(data, start), Struct("=" + values).unpack_from, tuple(types)


_Layout = tuple[Callable[[bytes, int], "tuple[Any, ...]"], "tuple[Any, ...]",
                Callable[[bytes, int], "tuple[Any, ...]"], tuple[int, ...]]  # fmt: skip
