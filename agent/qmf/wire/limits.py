"""Limits on what is received from a peer, and on what is sent to one."""

from dataclasses import dataclass

MAX_STRING_BYTES = 65_535  # a longer UTF-8 string makes qpidd drop the connection of every 0-10 console
MAX_KEY_BYTES = 255  # map keys and routing keys are str8 in AMQP 0-10
MAX_BODY_BYTES = 1 << 20  # of one message
CHUNK_BYTES = 128 << 10  # target for one part of a response
CHUNK_OBJECTS = 64  # C++ agents send 8 at a time, the broker 100
MAX_SEND_DEPTH = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on one received body; a body over them is rejected before it is evaluated."""

    depth: int  # nesting of maps and lists
    nodes: int  # values, including containers
    size: int  # bytes of text and binary values, and of an encoded body


REQUEST_LIMITS = Limits(depth=16, nodes=4_096, size=256 << 10)
"""For an agent: the largest legitimate request is a predicate."""

RESPONSE_LIMITS = Limits(depth=32, nodes=500_000, size=16 << 20)
"""For a console: the largest legitimate response is a hundred objects with their texts."""
