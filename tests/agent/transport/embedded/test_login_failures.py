"""Logins that fail: how long the next connection waits, and how many are reported."""

from hostinfo.agent.transport.embedded.login_failures import (
    FORGET_SECONDS,
    MAX_DELAY_SECONDS,
    MAX_SOURCES,
    REPORTED_SINGLY,
    SUMMARY_SECONDS,
    LoginFailures,
)


def test_each_failure_doubles_the_wait_of_its_source_up_to_a_limit() -> None:
    failures = LoginFailures()
    waits = []
    for _ in range(8):
        waits.append(failures.delay_seconds("a", 100.0))
        failures.add("a", 100.0)
    assert waits == [0, 0.25, 0.5, 1, 2, 4, 4, 4]
    assert waits[-1] == MAX_DELAY_SECONDS
    assert failures.delay_seconds("b", 100.0) == 0
    assert failures.delay_seconds("a", 101.0 + FORGET_SECONDS) == 0


def test_a_flood_of_failures_is_reported_by_its_number() -> None:
    failures = LoginFailures()
    reported = [failures.add("a", 100.0 + number / 100) for number in range(1_000)]
    assert reported == [1] * REPORTED_SINGLY + [0] * (1_000 - REPORTED_SINGLY)
    assert failures.add("a", 110.0 + SUMMARY_SECONDS) == 1_001 - REPORTED_SINGLY


def test_the_sources_that_failed_last_are_known() -> None:
    failures = LoginFailures()
    for number in range(3 * MAX_SOURCES):
        failures.add(str(number), float(number) / 100)
    now = 3 * MAX_SOURCES / 100
    known = [number for number in range(3 * MAX_SOURCES) if failures.delay_seconds(str(number), now)]
    assert known == list(range(2 * MAX_SOURCES, 3 * MAX_SOURCES))
