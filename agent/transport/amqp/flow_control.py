"""How much is in flight: credit for what a peer sends, and proton's buffer for what is sent to it."""

from typing import Any

CREDIT = 200
"""Messages that a peer may send before it gets new credit."""
MAX_OUTGOING_BYTES = 256 << 10
"""What proton buffers for the socket, per session; more stays in queues, where it can expire."""


def replenish_credit(link: Any) -> None:
    """Raise the link's credit to CREDIT once half is used: one frame per message would cost too much."""
    left = link.credit
    if left <= CREDIT // 2:
        link.flow(CREDIT - left)


def may_send(link: Any, session: Any) -> bool:
    """Whether the peer and the socket take one more message; `session` is the link's."""
    return bool(link.credit > 0 and session.outgoing_bytes < MAX_OUTGOING_BYTES)
