"""How much is in flight: credit for what a peer sends, and proton's buffer for what is sent to it."""

from collections.abc import Iterable
from typing import Any

CREDIT = 200
"""Messages that a peer may send before it gets new credit."""
MAX_OUTGOING_BYTES = 256 << 10
"""What proton buffers for the socket of a broker; more stays in a queue, where it can expire."""
MAX_OUTGOING_BYTES_PER_CLIENT = 64 << 10
"""The same for each client of a listener: proton keeps the buffer of each delivery at its largest size."""


def replenish_credit(link: Any) -> None:
    """Raise the link's credit to CREDIT once half is used: one frame per message would cost too much."""
    left = link.credit
    if left <= CREDIT // 2:
        link.flow(CREDIT - left)


def may_send(link: Any, sessions: Iterable[Any], limit: int = MAX_OUTGOING_BYTES) -> bool:
    """Whether the peer and the socket take one more message; `sessions` are those of the connection."""
    return bool(link.credit > 0 and sum(session.outgoing_bytes for session in sessions) < limit)
