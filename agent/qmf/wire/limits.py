"""How much of anything is taken from a peer, and how much is ever given to one."""

from dataclasses import dataclass

MAX_STRING_BYTES = 65_535  # a longer UTF-8 string makes qpidd drop the connection of every 0-10 console
MAX_KEY_BYTES = 255  # map keys and routing keys are str8 in AMQP 0-10
MAX_BODY_BYTES = 1 << 20  # one message, at most
CHUNK_BYTES = 128 << 10  # aimed at for one part of an answer
CHUNK_OBJECTS = 64  # C++ agents send 8 at a time, the broker 100
MAX_SEND_DEPTH = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one received body; what is over them is refused before it is looked at."""

    depth: int  # maps and lists inside one another
    nodes: int  # values, the containers included
    size: int  # bytes of text and binary, and of an encoded body


REQUEST_LIMITS = Limits(depth=16, nodes=4_096, size=256 << 10)
"""For an agent: the largest honest request is a predicate."""

REPLY_LIMITS = Limits(depth=32, nodes=500_000, size=16 << 20)
"""For a console: the largest honest answer is a hundred objects with their texts."""
