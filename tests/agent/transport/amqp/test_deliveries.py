"""The next step for an incoming delivery."""

import pytest

from hostinfo.agent.transport.amqp.deliveries import DeliveryStep, next_step


@pytest.mark.parametrize(
    ("is_aborted", "pending", "is_readable", "is_partial", "expected"),
    [
        (False, 10, True, False, DeliveryStep.READ),
        (False, 100, True, False, DeliveryStep.READ),
        (False, 10, True, True, DeliveryStep.WAIT),
        (False, 0, False, False, DeliveryStep.WAIT),
        (False, 101, True, True, DeliveryStep.REJECT),
        (False, 101, True, False, DeliveryStep.REJECT),
        (True, 10, True, False, DeliveryStep.DISCARD),
        (True, 101, True, True, DeliveryStep.DISCARD),
    ],
)
def test_a_message_is_read_when_it_is_complete_and_rejected_as_soon_as_it_is_too_large(
    is_aborted: bool, pending: int, is_readable: bool, is_partial: bool, expected: DeliveryStep
) -> None:
    step = next_step(
        is_aborted=is_aborted, pending=pending, is_readable=is_readable, is_partial=is_partial, max_bytes=100
    )
    assert step is expected
