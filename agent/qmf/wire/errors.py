"""What goes wrong in QMF v2, with the codes that travel in an `_exception` (qpid/management/Manageable.h).

QmfError            any of them; `code` and `text` are what the peer is told
├── Malformed       a body, query, predicate or address that breaks the protocol's form
├── TooLarge        well formed, but over a limit of size, depth or work
├── NotFound        no such object, class or method
├── InvalidArgument a method argument that its schema does not allow
├── Forbidden       the policy says no
└── NotSupported    a part of the protocol that this peer does not implement
"""

from collections.abc import Mapping
from enum import IntEnum

from .types import UInt, Value

TEXT_LIMIT = 1000  # characters of an error text on the wire: it may quote what a stranger sent


class ErrorCode(IntEnum):
    """The `error_code` of an exception."""

    OK = 0
    UNKNOWN_OBJECT = 1
    UNKNOWN_METHOD = 2
    NOT_IMPLEMENTED = 3
    INVALID_PARAMETER = 4
    FEATURE_NOT_IMPLEMENTED = 5
    FORBIDDEN = 6
    EXCEPTION = 7


class QmfError(Exception):
    """A refusal that the peer may read: `text` says why, `code` in which class of reasons."""

    default_code = ErrorCode.EXCEPTION

    def __init__(self, text: str, *, code: int | None = None, values: Mapping[str, Value] | None = None) -> None:
        super().__init__(text[:TEXT_LIMIT])
        self.text = text[:TEXT_LIMIT]
        self.code = int(self.default_code if code is None else code)
        self.values = dict(values or {})

    def as_map(self) -> dict[str, Value]:
        """Give the body of the `_exception` message."""
        return {"_values": {**self.values, "error_code": UInt(self.code), "error_text": self.text}}


class Malformed(QmfError):
    """Not in the protocol's form."""

    default_code = ErrorCode.INVALID_PARAMETER


class TooLarge(QmfError):
    """Over a limit of size, nesting or work."""

    default_code = ErrorCode.INVALID_PARAMETER


class NotFound(QmfError):
    """No object, class or method of that name."""

    default_code = ErrorCode.UNKNOWN_OBJECT


class InvalidArgument(QmfError):
    """An argument that is unknown, missing or of another type."""

    default_code = ErrorCode.INVALID_PARAMETER


class Forbidden(QmfError):
    """Not allowed for this user."""

    default_code = ErrorCode.FORBIDDEN


class NotSupported(QmfError):
    """Not implemented by this peer."""

    default_code = ErrorCode.FEATURE_NOT_IMPLEMENTED


def quote_short(text: str, length: int = 60) -> str:
    """Quote text that a stranger sent, cut and without control characters, for use in a message."""
    cut = text if len(text) <= length else text[: length - 1] + "…"
    return repr(cut)
