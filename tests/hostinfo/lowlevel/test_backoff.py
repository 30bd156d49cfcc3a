import math

from hypothesis import given
from hypothesis import strategies as st

from hostinfo.lowlevel.backoff import Backoff


def upper(_low: float, high: float) -> float:
    return high


def test_the_limit_doubles_per_failure_up_to_its_maximum() -> None:
    backoff = Backoff(0.5, 5.0, uniform=upper)
    assert [backoff.next_delay() for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_after_a_reset_the_next_failure_is_the_first() -> None:
    backoff = Backoff(0.5, 5.0, uniform=upper)
    for _ in range(4):
        backoff.next_delay()
    backoff.reset()
    assert backoff.next_delay() == 0.5


def test_one_delay_may_be_shorter_without_changing_those_that_follow() -> None:
    backoff = Backoff(1.0, 60.0, uniform=upper)
    backoff.next_delay()
    backoff.next_delay()
    assert backoff.next_delay(1.2) == 1.2
    assert backoff.next_delay() == 8.0


def test_a_scheduled_retry_counts_down_on_the_clock_and_none_is_due_without_a_failure() -> None:
    now = 100.0
    backoff = Backoff(1.0, 60.0, clock=lambda: now, uniform=upper)
    assert backoff.remaining() == math.inf
    backoff.schedule()
    assert backoff.remaining() == 1.0
    now = 101.5
    assert backoff.remaining() == -0.5
    backoff.reset()
    assert backoff.remaining() == math.inf


@given(st.integers(0, 100_000), st.floats(0.01, 10), st.floats(0.01, 3600), st.floats(0.0, 1.0))
def test_every_delay_is_within_the_jitter_of_its_limit(failures: int, first: float, maximum: float, low: float) -> None:
    backoff = Backoff(first, maximum, jitter=(low, 1.2))
    backoff.failures = failures
    delay = backoff.next_delay()
    assert min(low * first, low * maximum) * 0.999 <= delay <= 1.2 * maximum * 1.001
