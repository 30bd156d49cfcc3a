"""What a connection to a broker may have to do, as plain values: decided by `connection_logic`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class SessionKind(Enum):
    """The session that a link belongs to."""

    SUBSCRIPTIONS = "subscriptions"
    EXCHANGES = "exchanges"
    EVENTS = "events"
    MANAGEMENT = "management"
    QUEUES = "queues"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One message received from a queue, by connection and number."""

    container: str
    number: int


@dataclass(frozen=True, slots=True)
class AttachReceiver:
    """Open a receiving link in the session of subscriptions, and give it credit."""

    name: str
    address: str
    binding_key: str | None  # None: no filter
    is_topic: bool
    is_queue: bool = False  # others' queue: messages are settled when they were processed
    offset: str | int | None = None  # of a stream


@dataclass(frozen=True, slots=True)
class AttachSender:
    """Open a sending link; address None: an anonymous relay."""

    name: str
    address: str | None
    session: SessionKind
    is_settled: bool = True  # every message is sent settled


@dataclass(frozen=True, slots=True)
class OpenManagement:
    """Open the links to the broker's management node, in a new session."""


@dataclass(frozen=True, slots=True)
class Request:
    """Send a request to the management node."""

    number: int
    method: str
    path: str
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class DropSender:
    """Forget a sender, and count the messages in its queue as dropped."""

    name: str
    must_close: bool = False  # its link is still open
    warning: str = ""


@dataclass(frozen=True, slots=True)
class EndSession:
    """Forget a session that the broker ended; it is opened again when it is needed."""

    session: SessionKind
    warning: str


@dataclass(frozen=True, slots=True)
class ReportReady:
    """The broker has attached all subscriptions."""


@dataclass(frozen=True, slots=True)
class ReportRepaired:
    """Bindings that were declared again are there."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Close the connection with this error condition."""

    condition: str
    text: str


Action: TypeAlias = (
    AttachReceiver
    | AttachSender
    | OpenManagement
    | Request
    | DropSender
    | EndSession
    | ReportReady
    | ReportRepaired
    | Fail
)
