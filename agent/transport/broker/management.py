"""Requests to the management node of RabbitMQ 4, which declares exchanges, queues and bindings over AMQP 1.0.

Source: "AMQP 1.0 Management" as the vendor's client libraries use it; each request is an HTTP method and a path, with a
map as its body, and each response has an HTTP status as its subject.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

QUEUE_ARGUMENTS: dict[str, object] = {
    "x-queue-type": "classic",  # the only type that may be exclusive
    "x-max-length": 10_000,
    "x-max-length-bytes": 32 << 20,
    "x-expires": 60_000,
}
"""A queue drops its oldest messages when it is full, and goes a minute after its consumer at the latest."""


@dataclass(frozen=True, slots=True)
class ManagementRequest:
    """One request; `purpose` completes the sentence "the broker did not …" in an error message."""

    method: str
    path: str
    body: dict[str, object] = field(hash=False)
    purpose: str


def declare_exchange(name: str, kind: str) -> ManagementRequest:
    """Return the request for a durable exchange; it succeeds if the exchange exists with the same properties."""
    body: dict[str, object] = {
        "type": kind,
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }
    return ManagementRequest("PUT", f"/exchanges/{_escape(name)}", body, f"declare the exchange {name}")


def declare_queue(name: str) -> ManagementRequest:
    """Return the request for a queue that belongs to this connection, and ends with it."""
    body: dict[str, object] = {
        "durable": False,
        "exclusive": True,
        "auto_delete": True,
        "arguments": QUEUE_ARGUMENTS,
    }
    return ManagementRequest("PUT", f"/queues/{_escape(name)}", body, f"declare the queue {name}")


def bind(exchange: str, key: str, queue: str) -> ManagementRequest:
    """Return the request for a binding of a queue to an exchange."""
    body: dict[str, object] = {"source": exchange, "destination_queue": queue, "binding_key": key, "arguments": {}}
    return ManagementRequest("POST", "/bindings", body, f"bind the queue to {exchange} with the key {key}")


def _escape(name: str) -> str:
    return quote(name, safe="")
