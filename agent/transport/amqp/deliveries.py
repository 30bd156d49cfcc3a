"""What to do with a delivery that arrived, or of which a part arrived."""

from enum import Enum


class DeliveryStep(Enum):
    """The next step for an incoming delivery."""

    WAIT = "wait"
    """More of the message is on the way."""
    READ = "read"
    DISCARD = "discard"
    """The peer aborted it."""
    REJECT = "reject"
    """It is too large."""


def next_step(*, is_aborted: bool, pending: int, is_readable: bool, is_partial: bool, max_bytes: int) -> DeliveryStep:
    """Decide by the delivery's flags, and by how many bytes of it have arrived."""
    if is_aborted:
        return DeliveryStep.DISCARD
    if pending > max_bytes:
        return DeliveryStep.REJECT
    return DeliveryStep.READ if is_readable and not is_partial else DeliveryStep.WAIT
