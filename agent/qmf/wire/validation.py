"""Validation of received bodies: a decoded AMQP body becomes a bounded `Value`, or is rejected.

Peers on AMQP 0-10 send text untyped, and qpidd forwards it as AMQP `binary` (measured). Binary that is valid UTF-8
therefore becomes str, in values and in keys; other binary stays bytes. Number classes of a transport become plain
int and float.
"""

from uuid import UUID

from .errors import Malformed, TooLarge, quote_short
from .limits import MAX_KEY_BYTES, Limits
from .types import Map, Value

_UNCHANGED = frozenset({type(None), bool, int, float, UUID})
_TEXT_ONLY = frozenset({str})
MAX_KEY_CHARACTERS = 4 * MAX_KEY_BYTES  # tolerant: only sent keys must fit into str8


def validate(body: object, limits: Limits) -> Value:
    """Return the body as a Value; Malformed if it holds a type that QMF lacks, TooLarge if it is over the limits."""
    validator = _Validator(limits)
    validator.consume_nodes(1)
    return validator.value(body, 0)


def as_map(value: object, what: str) -> Map:
    """Return a validated value if it is a map, else raise Malformed."""
    if not isinstance(value, dict):
        raise Malformed(f"{what}: expected a map, not {type(value).__name__}")
    return value


def as_list(value: object, what: str) -> list[Value]:
    """Return a validated value if it is a list, else raise Malformed."""
    if not isinstance(value, list):
        raise Malformed(f"{what}: expected a list, not {type(value).__name__}")
    return value


def as_text(value: object, what: str) -> str:
    """Return a validated value if it is text, else raise Malformed."""
    if not isinstance(value, str):
        raise Malformed(f"{what}: expected a string, not {type(value).__name__}")
    return value


def as_int(value: object, what: str) -> int:
    """Return a validated value if it is an integer, else raise Malformed."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed(f"{what}: expected an integer, not {type(value).__name__}")
    return value


def as_uuid(value: object, what: str) -> UUID:
    """Return a validated value as a UUID, which may be given as text or 16 bytes, else raise Malformed."""
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
    """Return the value if it is text, else an empty string; for descriptions, which nothing depends on."""
    return value if isinstance(value, str) else ""


def text_or_none(value: object, length: int = 1024) -> str | None:
    """Return a short text from a property, where str, symbol and binary occur; None for anything else."""
    if isinstance(value, str):
        return str(value) if len(value) <= length else None
    if isinstance(value, bytes | bytearray | memoryview) and len(value) <= length:
        try:
            return str(value, "utf-8")
        except ValueError:
            return None
    return None


class _Validator:
    """Walks a body and counts the limits down; its recursion is as deep as `limits.depth` allows."""

    __slots__ = ("depth", "nodes", "size")

    def __init__(self, limits: Limits) -> None:
        self.nodes, self.size, self.depth = limits.nodes, limits.size, limits.depth

    def consume_nodes(self, nodes: int) -> None:
        self.nodes -= nodes
        if self.nodes < 0:
            raise TooLarge("body: too many values")

    def value(self, value: object, depth: int) -> Value:
        """Validate a value whose node is already counted."""
        if type(value) in _UNCHANGED:
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
        raise Malformed(f"body: {quote_short(type(value).__name__)} is no QMF type")

    def container(self, value: dict[object, object] | list[object] | tuple[object, ...], depth: int) -> Value:
        if depth > self.depth:
            raise TooLarge(f"body: nested deeper than {self.depth}")
        self.consume_nodes(len(value))
        if not isinstance(value, dict):
            return [self.value(item, depth) for item in value]
        entries = self.with_text_keys(value)
        if _UNCHANGED.issuperset(map(type, entries.values())):
            return dict(entries)  # type: ignore[arg-type]  # as just checked
        return {
            key: item if type(item) in _UNCHANGED else self.value(item, depth)  # type: ignore[misc]  # as above
            for key, item in entries.items()
        }

    def with_text_keys(self, value: dict[object, object]) -> dict[str, object]:
        """Validate a map's keys, with a fast path for the common case: all are short str."""
        if _TEXT_ONLY.issuperset(map(type, value)):
            names = "".join(value)  # type: ignore[arg-type]  # as just checked
            if len(names) <= MAX_KEY_CHARACTERS:
                self.consume_bytes(len(names))
                return value  # type: ignore[return-value]
        return {self.key(key): item for key, item in value.items()}

    def key(self, key: object) -> str:
        text = key if type(key) is str and len(key) <= MAX_KEY_CHARACTERS else text_or_none(key, MAX_KEY_CHARACTERS)
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
