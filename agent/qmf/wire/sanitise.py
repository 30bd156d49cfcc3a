"""Making any value safe to send.

The limits are those of AMQP 0-10 behind a qpidd: one UTF-8 string over 65,535 bytes, or a map key over 255, makes the
broker drop the connection of every 0-10 console that would have received it (measured). What is too long is not cut,
because a cut fact is untrue:

- a longer string goes as binary, which passes; readers here turn UTF-8 binary back into the same string;
- text with lone surrogates, Python's form of bytes that are not UTF-8, goes as those bytes;
- an entry whose key is too long moves into a list of [key, value] pairs under `_long_keys`;
- an integer over 64 bits goes as decimal text.
"""

from collections.abc import Mapping, Set
from enum import Enum
from uuid import UUID

from .errors import Malformed, TooLarge, quote_short
from .limits import MAX_KEY_BYTES, MAX_SEND_DEPTH, MAX_STRING_BYTES
from .types import AMQP_NAMES, Float32, Long, Map, ULong, Value, Width

LONG_KEYS = "_long_keys"
_AS_THEY_ARE = frozenset({type(None), bool, UUID, float, Float32, *AMQP_NAMES})
_FIXED = _AS_THEY_ARE - {UUID} | {int}
GOOD_KEYS = 4_096
_GOOD_KEYS: set[object] = set()
"""Names that were found to fit: every object has the same."""


def sanitise(value: object, *, depth: int = MAX_SEND_DEPTH) -> Value:
    """Give a value that every QMF peer can take.

    Malformed for an object that has no form in QMF, TooLarge for nesting deeper than `depth`; never for content.
    """
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value  # type: ignore[return-value]  # one of the scalars of Value
    if isinstance(value, str):
        return _text(value.value if isinstance(value, Enum) else value)
    if isinstance(value, Enum):
        return sanitise(value.value, depth=depth)
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if depth <= 0:
        raise TooLarge("value: nested too deep to send")
    if isinstance(value, Mapping):
        return sanitise_map(value, depth=depth)
    if isinstance(value, Set):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        return [sanitise(item, depth=depth - 1) for item in value]
    raise Malformed(f"value: {quote_short(type(value).__name__)} has no form in QMF")


def sanitise_map(value: Mapping[object, object] | Mapping[str, object], *, depth: int = MAX_SEND_DEPTH) -> Map:
    """Give a map that every QMF peer can take; raises as `sanitise`."""
    if _GOOD_KEYS.issuperset(value) and _AS_THEY_ARE.issuperset(map(type, value.values())):
        return dict(value)  # type: ignore[arg-type]  # as just seen
    result: Map = {}
    long_keys: list[Value] = []
    for key, item in value.items():
        fitting: Value = item if type(item) in _AS_THEY_ARE else sanitise(item, depth=depth - 1)  # type: ignore[assignment]
        name = key if isinstance(key, str) else str(key)
        if len(name) <= MAX_KEY_BYTES and name.isascii():
            result[name] = fitting
            if len(_GOOD_KEYS) < GOOD_KEYS:
                _GOOD_KEYS.add(name)
            continue
        encoded = _encode(name)
        if len(encoded) > MAX_KEY_BYTES:
            long_keys.append([_text(name), fitting])
        else:
            result[encoded.decode("utf-8", "replace")] = fitting
    if long_keys:
        result[LONG_KEYS] = long_keys
    return result


def _text(text: str) -> str | bytes:
    text = str(text)
    if len(text) <= MAX_STRING_BYTES and text.isascii():
        return text
    encoded = _encode(text)
    if len(encoded) > MAX_STRING_BYTES:
        return encoded
    try:
        return encoded.decode()
    except ValueError:
        return encoded


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except ValueError:
        pass
    try:
        return text.encode("utf-8", "surrogateescape")
    except ValueError:  # a surrogate that stands for no byte
        return text.encode("utf-8", "replace")


def _integer(value: int) -> int | str:
    if isinstance(value, Width):
        return value
    if Long.minimum <= value <= Long.maximum:
        return int(value)
    if 0 <= value <= ULong.maximum:
        return ULong(value)
    return _decimal(value)


def _decimal(value: int) -> str:
    try:
        return str(int(value))
    except ValueError:  # Python refuses decimal text of more than 4,300 digits
        return hex(value)


def encoded_size(value: Value) -> int:
    """Estimate the bytes of a value on the wire, from above and within a few bytes a value."""
    kind = type(value)
    if kind in _FIXED:
        return 9
    if isinstance(value, str):
        return 5 + (len(value) if value.isascii() else len(value.encode("utf-8", "replace")))
    if isinstance(value, dict):
        names = "".join(value)
        size = 9 + 5 * len(value) + (len(names) if names.isascii() else 4 * len(names))
        if _FIXED.issuperset(map(type, value.values())):
            return size + 9 * len(value)
        return size + sum([9 if type(item) in _FIXED else encoded_size(item) for item in value.values()])
    if isinstance(value, list):
        return 9 + sum(map(encoded_size, value))
    return 5 + len(value) if isinstance(value, bytes) else 17
