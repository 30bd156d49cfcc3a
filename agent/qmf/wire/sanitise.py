"""Make any value safe to send.

The limits are those of AMQP 0-10 behind a qpidd. One UTF-8 string over 65,535 bytes, or one map key over 255, makes the
broker close the connection of every 0-10 console that would have received it (measured). A value that is too long is
not truncated, because a truncated fact is wrong:

- a longer string is sent as binary, which brokers forward; `validation` turns UTF-8 binary back into the same string;
- text with lone surrogates, Python's form of bytes that are not UTF-8, is sent as those bytes;
- an entry with too long a key is moved into a list of [key, value] pairs under `_long_keys`;
- an integer over 64 bits is sent as decimal text.
"""

from collections.abc import Mapping, Set
from enum import Enum
from uuid import UUID

from .errors import Malformed, TooLarge, quote_short
from .limits import MAX_KEY_BYTES, MAX_SEND_DEPTH, MAX_STRING_BYTES
from .types import AMQP_NAMES, Float32, Long, Map, ULong, Value, Width

LONG_KEYS = "_long_keys"
_UNCHANGED = frozenset({type(None), bool, UUID, float, Float32, *AMQP_NAMES})
_FIXED_SIZE = _UNCHANGED - {UUID} | {int}
MAX_KNOWN_KEYS = 4_096
_KNOWN_KEYS: set[object] = set()
"""Cache of keys that are short enough: objects of one class all have the same."""


def sanitise(value: object, *, depth: int = MAX_SEND_DEPTH) -> Value:
    """Return the value in a form that every QMF peer accepts.

    Malformed if a type has no form in QMF, TooLarge if the nesting is deeper than `depth`; no content raises.
    """
    if type(value) in _UNCHANGED:
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
        raise TooLarge("value: nested too deeply to send")
    if isinstance(value, Mapping):
        return sanitise_map(value, depth=depth)
    if isinstance(value, Set):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        return [sanitise(item, depth=depth - 1) for item in value]
    raise Malformed(f"value: {quote_short(type(value).__name__)} has no form in QMF")


def sanitise_map(value: Mapping[object, object] | Mapping[str, object], *, depth: int = MAX_SEND_DEPTH) -> Map:
    """Return the map in a form that every QMF peer accepts; raises like `sanitise`."""
    if _KNOWN_KEYS.issuperset(value) and _UNCHANGED.issuperset(map(type, value.values())):
        return dict(value)  # type: ignore[arg-type]  # as just checked
    result: Map = {}
    long_keys: list[Value] = []
    for key, item in value.items():
        fitting: Value = item if type(item) in _UNCHANGED else sanitise(item, depth=depth - 1)  # type: ignore[assignment]
        name = key if isinstance(key, str) else str(key)
        if len(name) <= MAX_KEY_BYTES and name.isascii():
            result[name] = fitting
            if len(_KNOWN_KEYS) < MAX_KNOWN_KEYS:
                _KNOWN_KEYS.add(name)
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
    except ValueError:  # a surrogate that represents no byte
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
    """Return an upper bound of the encoded size in bytes; it exceeds the size by a few bytes per value."""
    kind = type(value)
    if kind in _FIXED_SIZE:
        return 9
    if isinstance(value, str):
        return 5 + (len(value) if value.isascii() else len(value.encode("utf-8", "replace")))
    if isinstance(value, dict):
        names = "".join(value)
        size = 9 + 5 * len(value) + (len(names) if names.isascii() else 4 * len(names))
        if _FIXED_SIZE.issuperset(map(type, value.values())):
            return size + 9 * len(value)
        return size + sum([9 if type(item) in _FIXED_SIZE else encoded_size(item) for item in value.values()])
    if isinstance(value, list):
        return 9 + sum(map(encoded_size, value))
    return 5 + len(value) if isinstance(value, bytes) else 17
