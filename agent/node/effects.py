"""What ``AgentCore`` wants done: plain values that ``Service`` executes in the order given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..qmf import DataObject, Event, Identity
from ..transport import TransportOptions


@dataclass(frozen=True, slots=True)
class SendHeartbeat:
    """Send a heartbeat to all endpoints."""


@dataclass(frozen=True, slots=True)
class SendEvent:
    """Send an event to all endpoints."""

    event: Event


@dataclass(frozen=True, slots=True)
class PublishObjects:
    """Send objects to all endpoints, and the deleted ones to their subscribers as well."""

    objects: Sequence[DataObject]
    deleted: Sequence[DataObject] = ()
    ttl_ms: int = 20_000


@dataclass(frozen=True, slots=True)
class SetIdentity:
    """Answer with this identity from now on."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class NotifyPollThreads:
    """Let the poll threads without monitors of their own read these groups."""

    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class SetPollInterval:
    """Change the interval of a poll thread."""

    thread: str
    seconds: int


@dataclass(frozen=True, slots=True)
class CompleteRefreshes:
    """Answer the ``refresh`` calls up to this request."""

    request_id: int


@dataclass(frozen=True, slots=True)
class OpenEndpoint:
    """Open an endpoint; log a failure."""

    options: TransportOptions


@dataclass(frozen=True, slots=True)
class CloseEndpoint:
    """Close the endpoint with these options."""

    options: TransportOptions


@dataclass(frozen=True, slots=True)
class Log:
    """Write a log message."""

    priority: int
    text: str


Effect = (
    SendHeartbeat
    | SendEvent
    | PublishObjects
    | SetIdentity
    | NotifyPollThreads
    | SetPollInterval
    | CompleteRefreshes
    | OpenEndpoint
    | CloseEndpoint
    | Log
)
