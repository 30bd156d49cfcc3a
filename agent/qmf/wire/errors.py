"""Errors of QMF v2, with the codes of an `_exception` message (qpid/management/Manageable.h).

QmfError            base class; `code` and `text` are sent to the peer
├── Malformed       a body, query, predicate or address is not in the protocol's form
├── TooLarge        well formed, but over a limit of size, depth or evaluation steps
├── NotFound        no such object, class or method
├── InvalidArgument a method argument does not match the schema
├── Forbidden       the policy denies it
└── NotSupported    a part of the protocol that this peer does not implement
"""

from collections.abc import Mapping
from enum import IntEnum

from .types import UInt, Value

MAX_TEXT_CHARACTERS = 1000  # of an error text: it may quote what the peer sent


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
    """A request cannot be carried out. `text` is the reason and `code` its class; the peer receives both."""

    default_code = ErrorCode.EXCEPTION

    def __init__(self, text: str, *, code: int | None = None, values: Mapping[str, Value] | None = None) -> None:
        super().__init__(text[:MAX_TEXT_CHARACTERS])
        self.text = text[:MAX_TEXT_CHARACTERS]
        self.code = int(self.default_code if code is None else code)
        self.values = dict(values or {})

    def to_map(self) -> dict[str, Value]:
        """Return the body of the `_exception` message."""
        return {"_values": {**self.values, "error_code": UInt(self.code), "error_text": self.text}}


class Malformed(QmfError):
    """The input is not in the protocol's form."""

    default_code = ErrorCode.INVALID_PARAMETER


class TooLarge(QmfError):
    """The input is over a limit of size, depth or evaluation steps."""

    default_code = ErrorCode.INVALID_PARAMETER


class NotFound(QmfError):
    """There is no object, class or method of that name."""

    default_code = ErrorCode.UNKNOWN_OBJECT


class InvalidArgument(QmfError):
    """An argument is unknown, missing or of the wrong type."""

    default_code = ErrorCode.INVALID_PARAMETER


class Forbidden(QmfError):
    """The user is not allowed to do this."""

    default_code = ErrorCode.FORBIDDEN


class NotSupported(QmfError):
    """This peer does not implement the feature."""

    default_code = ErrorCode.FEATURE_NOT_IMPLEMENTED


def quote_short(text: str, length: int = 60) -> str:
    """Return text from a peer in quotes, truncated and with control characters escaped, for use in a message."""
    cut = text if len(text) <= length else text[: length - 1] + "…"
    return repr(cut)
