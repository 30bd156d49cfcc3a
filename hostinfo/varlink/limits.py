"""What a server grants its clients, so that none of them holds up another."""

from __future__ import annotations

from hostinfo.record import record


@record
class Limits:
    """Limits of a server. Those of clients do not count root, which has places of its own."""

    message_bytes: int = 1024 * 1024
    """Longest call."""
    reply_bytes: int = 8 * 1024 * 1024
    """Longest reply."""
    stream_bytes: int = 256 * 1024
    """What may wait for a client that is slow before a further reply to the same call waits."""
    held_bytes: int = 32 * 1024 * 1024
    """What is held of all clients: calls that are incomplete, and replies that were not taken. Above it, the client
    that holds the most is disconnected."""
    clients: int = 64
    """Connections at the same time."""
    clients_per_user: int = 16
    """Connections of one user."""
    root_clients: int = 16
    """Connections of root, apart from the others."""
    calls: int = 32
    """Calls that are carried out at the same time; others wait."""
    calls_per_user: int = 8
    """Calls of one user; for root as well, apart from the others."""
    message_seconds: float = 10.0
    """From the first byte of a call to its last."""
    reply_seconds: float = 30.0
    """Until a client has taken all that was sent."""
    silence_seconds: float = 60.0
    """How long a connection without a call stays open."""
