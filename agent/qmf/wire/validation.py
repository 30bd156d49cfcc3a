"""Reading what a peer sent: any decoded AMQP body becomes a bounded `Value`, or is refused.

Peers on AMQP 0-10 send text untyped, and qpidd hands it on as AMQP `binary` (measured): binary that is UTF-8 becomes
str, in values and in keys; other binary stays bytes. Width classes of whatever transport become plain numbers.
"""

from uuid import UUID

from .errors import Malformed, TooLarge, quote_short
from .limits import MAX_KEY_BYTES, Limits
from .types import Map, Value

_AS_THEY_ARE = frozenset({type(None), bool, int, float, UUID})
_TEXT = frozenset({str})
KEY_CHARACTERS = 4 * MAX_KEY_BYTES  # tolerant: only what we send must fit into str8


def validate(body: object, limits: Limits) -> Value:
    """Turn a body into a Value; Malformed for what has no place in QMF, TooLarge over the limits."""
    cleaner = _Validator(limits)
    cleaner.count(1)
    return cleaner.value(body, 0)


def as_map(value: object, what: str) -> Map:
    """Take a cleaned value for a map, or raise Malformed naming what it should have been."""
    if not isinstance(value, dict):
        raise Malformed(f"{what}: expected a map, not {type(value).__name__}")
    return value


def as_list(value: object, what: str) -> list[Value]:
    """Take a cleaned value for a list, or raise Malformed naming what it should have been."""
    if not isinstance(value, list):
        raise Malformed(f"{what}: expected a list, not {type(value).__name__}")
    return value


def as_text(value: object, what: str) -> str:
    """Take a cleaned value for text, or raise Malformed naming what it should have been."""
    if not isinstance(value, str):
        raise Malformed(f"{what}: expected a string, not {type(value).__name__}")
    return value


def as_int(value: object, what: str) -> int:
    """Take a cleaned value for a number without fraction, or raise Malformed naming what it should have been."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed(f"{what}: expected an integer, not {type(value).__name__}")
    return value


def as_uuid(value: object, what: str) -> UUID:
    """Take a cleaned value for a UUID, also in its text form, or raise Malformed."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, bytes) and len(value) == 16:
        return UUID(bytes=value)
    if isinstance(value, str) and len(value) <= 45:
        try:
            return UUID(value)
        except ValueError:
            pass
    raise Malformed(f"{what}: expected a UUID")


def text_or_empty(value: object) -> str:
    """Return the value if it is text, else an empty string: for descriptions, which nothing depends on."""
    return value if isinstance(value, str) else ""


def loose_text(value: object, length: int = 1024) -> str | None:
    """Read a short text from a header, where str, symbol and binary all occur; None for anything else."""
    if isinstance(value, str):
        return str(value) if len(value) <= length else None
    if isinstance(value, bytes | bytearray | memoryview) and len(value) <= length:
        try:
            return str(value, "utf-8")
        except ValueError:
            return None
    return None


class _Validator:
    """Counts down what is left of the limits while it walks; the depth of Python's stack is limits.depth."""

    __slots__ = ("depth", "nodes", "size")

    def __init__(self, limits: Limits) -> None:
        self.nodes, self.size, self.depth = limits.nodes, limits.size, limits.depth

    def count(self, nodes: int) -> None:
        self.nodes -= nodes
        if self.nodes < 0:
            raise TooLarge("body: too many values")

    def value(self, value: object, depth: int) -> Value:
        """Clean a value that was counted."""
        kind = type(value)
        if kind in _AS_THEY_ARE:
            return value  # type: ignore[return-value]  # one of the scalars of Value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict | list | tuple):
            return self.container(value, depth + 1)
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return self.binary(value)
        raise Malformed(f"body: {quote_short(type(value).__name__)} has no place in a QMF body")

    def container(self, value: dict[object, object] | list[object] | tuple[object, ...], depth: int) -> Value:
        if depth > self.depth:
            raise TooLarge(f"body: nested deeper than {self.depth}")
        self.count(len(value))
        if not isinstance(value, dict):
            return [self.value(item, depth) for item in value]
        named = self.named(value)
        if _AS_THEY_ARE.issuperset(map(type, named.values())):
            return dict(named)  # type: ignore[arg-type]  # as just seen
        return {
            key: item if type(item) in _AS_THEY_ARE else self.value(item, depth)  # type: ignore[misc]  # the same
            for key, item in named.items()
        }

    def named(self, value: dict[object, object]) -> dict[str, object]:
        """Clean a map's keys; most maps have none to clean, which is seen at once."""
        if _TEXT.issuperset(map(type, value)):
            names = "".join(value)  # type: ignore[arg-type]  # as just seen
            if len(names) <= KEY_CHARACTERS:
                self.consume_bytes(len(names))
                return value  # type: ignore[return-value]
        return {self.key(key): item for key, item in value.items()}

    def key(self, key: object) -> str:
        text = key if type(key) is str and len(key) <= KEY_CHARACTERS else loose_text(key, KEY_CHARACTERS)
        if text is None:
            raise Malformed("body: a map key is not a short string")
        return self.text(text)

    def text(self, text: str) -> str:
        self.consume_bytes(len(text))
        return text if type(text) is str else str(text)

    def binary(self, data: bytes | bytearray | memoryview) -> str | bytes:
        self.consume_bytes(data.nbytes if isinstance(data, memoryview) else len(data))
        raw = bytes(data)
        try:
            return raw.decode()
        except ValueError:
            return raw

    def consume_bytes(self, size: int) -> None:
        self.size -= size
        if self.size < 0:
            raise TooLarge("body: too many bytes")
