"""The log of an outage: each reason once, then a line every five minutes."""

from hostinfo.agent.node.outage_log import MAX_REASONS, SUMMARY_SECONDS, OutageLog


def test_each_reason_is_logged_once_and_then_a_summary() -> None:
    log = OutageLog()
    logged = [
        log.disconnected(f"amqp://b{number % 2}:5672: Connection refused", 0.7 * number) for number in range(1_000)
    ]
    lines = [line for line in logged if line is not None]
    assert lines[:2] == [f"amqp://b{number}:5672: Connection refused" for number in range(2)]
    assert len(lines) == 2 + int(0.7 * 999 / SUMMARY_SECONDS)
    assert lines[2].startswith("still, after ")
    assert log.connected("amqp://b0:5672 (qpidd)") == "amqp://b0:5672 (qpidd), after 1000 failed attempts"


def test_another_reason_and_the_next_outage_are_logged_at_once() -> None:
    log = OutageLog()
    assert log.disconnected("refused", 1.0) == "refused"
    assert log.disconnected("refused", 2.0) is None
    assert log.disconnected("no route to host", 3.0) == "no route to host"
    assert log.disconnected("refused", 4.0) is None
    assert log.connected("b") == "b, after 4 failed attempts"
    assert log.disconnected("refused", 5.0) == "refused"
    assert log.connected("b") == "b"


def test_reasons_that_differ_in_a_number_are_different() -> None:
    log = OutageLog()
    reasons = [f"amqp://{end}: refused" for end in ("b1:5672", "b2:5672", "b1:5673", "192.0.2.1", "192.0.2.2")]
    reasons += ["403 refused", "404 refused", "[Errno 111]", "[Errno 113]"]
    assert [log.disconnected(reason, 1.0) for reason in reasons] == reasons
    assert [log.disconnected(reason, 2.0) for reason in reasons] == [None] * len(reasons)


def test_a_reason_with_the_number_of_the_attempt_is_the_same_reason() -> None:
    log = OutageLog()
    lines = [log.disconnected(f"queue hostinfo-6fdd21adcc574a06-{number}: refused", 1.0) for number in range(50)]
    assert [line for line in lines if line is not None] == ["queue hostinfo-6fdd21adcc574a06-0: refused"]
    lines = [log.disconnected(f"connection <0.{number}.0> was closed", 1.0) for number in range(1_200, 1_250)]
    assert [line for line in lines if line is not None] == ["connection <0.1200.0> was closed"]


def test_reasons_without_end_do_not_fill_the_log() -> None:
    log = OutageLog()
    lines = [log.disconnected("x" * number, 1.0) for number in range(200)]
    assert sum(line is not None for line in lines) == MAX_REASONS
