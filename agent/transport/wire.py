"""QMF messages to and from AMQP 1.0's encoding, by proton.

Decoding guards what was measured on proton 0.40: binary comes as memoryviews into memory that goes with the message
(copied at once), a map with binary keys raises ValueError, deep nesting RecursionError.
"""

from typing import Any
from uuid import UUID

from ..qmf.message import Message
from ..qmf.types import AMQP_NAMES
from .library import load


class Undecodable(ValueError):
    """What came is no message that can be read."""


class Envelope:
    """An encoded message of which only the properties are read, the body left as it is: what an exchange needs.

    `subject` is the routing key, `to` where a message of an anonymous relay goes; `encode` gives the bytes back.
    """

    __slots__ = ("_message", "subject", "to", "ttl_ms", "user_id")

    def __init__(self, data: bytes) -> None:
        self._message = _sealed(load())
        try:
            self._message.decode(data)
            self.subject = _text(self._message.subject)
            self.to = _text(self._message.address)
            self.ttl_ms = round(self._message.ttl * 1000) or None
            self.user_id = _user(self._message.user_id)
        except Exception as error:
            raise Undecodable(f"message of {len(data)} bytes: {error}") from error

    def set_user_id(self, user: str) -> None:
        """Say who sent it."""
        self._message.user_id = user.encode()
        self.user_id = user

    def encode(self) -> bytes:
        """Give the bytes."""
        return bytes(self._message.encode())


def encode(
    message: Message, *, address: str | None = None, subject: str | None = None, as_sequence: bool = False
) -> bytes:
    """Encode a message; `address` becomes the property `to`, `subject` stands for the message's own.

    `as_sequence` puts a list into an amqp-sequence section instead of an amqp-value.
    """
    proton = load()
    made = proton.Message(
        inferred=message.is_data or (as_sequence and isinstance(message.body, list)),
        properties={name: _typed(proton, value) for name, value in message.properties.items()} or None,
        body=_typed(proton, message.body),
    )
    if address is not None:
        made.address = address
    subject = message.subject if subject is None else subject
    if subject is not None:
        made.subject = subject
    if message.reply_to is not None:
        made.reply_to = message.reply_to
    if message.correlation_id is not None:
        made.correlation_id = message.correlation_id
    if message.content_type is not None:
        made.content_type = proton.symbol(message.content_type)
    if message.user_id is not None:
        made.user_id = message.user_id.encode()
    if message.ttl_ms:
        made.ttl = message.ttl_ms / 1000
    return bytes(made.encode())


def decode(data: bytes, *, address: str = "") -> Message:
    """Decode a message as `hostinfo.agent.qmf` takes it; Undecodable for what nobody can read.

    `address` stands for a missing `to`: the exchange that it was received from.
    """
    proton = load()
    received = proton.Message()
    try:
        received.decode(data)
        return Message(
            address=_text(received.address) or address,
            subject=_text(received.subject),
            reply_to=_text(received.reply_to),
            correlation_id=_correlation(received.correlation_id),
            content_type=_text(received.content_type),
            ttl_ms=round(received.ttl * 1000) or None,
            user_id=_user(received.user_id),
            properties=_properties(received.properties),
            body=_owned(proton, received.body),
            is_data=bool(received.inferred) and isinstance(received.body, memoryview | bytes),
        )
    except (MemoryError, SystemError):
        raise
    except Exception as error:  # ValueError, RecursionError, UnicodeDecodeError, MessageException, AttributeError …
        raise Undecodable(f"message of {len(data)} bytes: {type(error).__name__}: {error}") from None


def _properties(found: Any) -> dict[str, object]:
    if not isinstance(found, dict):
        return {}
    return {name: _loose(value) for name, value in found.items() if isinstance(name, str)}


def _loose(value: Any) -> object:
    """An application property: binary that is UTF-8 is text (qpidd hands on untyped 0-10 strings so)."""
    if isinstance(value, memoryview | bytes | bytearray):
        raw = bytes(value)
        try:
            return raw.decode()
        except ValueError:
            return raw
    return str(value) if isinstance(value, str) else value


def _owned(proton: Any, value: Any) -> Any:
    """Copy binary while the message that it points into is there; arrays become lists, described values bare."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, dict):
        return {_owned(proton, key): _owned(proton, item) for key, item in value.items()}
    if isinstance(value, proton.Described):
        return _owned(proton, value.value)
    if isinstance(value, proton.Array):
        return [_owned(proton, item) for item in value.elements]
    return [_owned(proton, item) for item in value] if isinstance(value, list) else value


def _typed(proton: Any, value: object) -> object:
    if isinstance(value, dict):
        return {key: _typed(proton, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_typed(proton, item) for item in value]
    kind = type(value)
    name = AMQP_NAMES.get(kind)
    if name is not None and name != "long":
        return getattr(proton, name)(value)
    if kind in _PLAIN:
        return value
    for plain in (str, int, float):  # proton looks types up by their very class
        if isinstance(value, plain):
            return plain(value)
    return value


def _text(value: Any) -> str | None:
    """Proton shows an unset symbol as symbol('None') in some versions: content types have a slash."""
    if value is None:
        return None
    text = str(value)
    return None if text == "None" else text


def _user(value: Any) -> str | None:
    if not value:
        return None
    try:
        return bytes(value).decode()
    except ValueError:
        return bytes(value).decode("latin-1")


def _correlation(value: Any) -> str | bytes | int | UUID | None:
    if isinstance(value, memoryview):
        return bytes(value)
    return value if isinstance(value, str | bytes | int | UUID) else None


def _sealed(proton: Any) -> Any:
    """A message whose sections stay in proton's memory: nothing of a hostile body becomes a Python object."""
    kind: Any = _SEALED.get(proton)
    if kind is None:
        kind = _SEALED[proton] = type(
            "Sealed", (proton.Message,), {"_post_decode": lambda _self: None, "_pre_encode": lambda _self: None}
        )
    return kind()


_PLAIN = frozenset({str, int, float, bool, bytes, type(None), UUID})
_SEALED: dict[Any, Any] = {}
