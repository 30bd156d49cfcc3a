"""The loop's thread: calls, timers and sockets."""

import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from hostinfo.agent.transport.amqp.event_loop import EventLoop
from tests.support.transport_helpers import wait_until


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    found = EventLoop("test-loop")
    found.start()
    yield found
    found.stop()


def test_calls_from_other_threads_are_made_in_the_loops_thread_and_in_order(loop: EventLoop) -> None:
    made: list[tuple[int, str]] = []
    for number in range(1_000):
        assert loop.call_soon(lambda number=number: made.append((number, threading.current_thread().name)))  # type: ignore[misc]
    wait_until(lambda: len(made) == 1_000)
    assert made == [(number, "test-loop") for number in range(1_000)]


def test_a_timer_of_another_thread_shortens_a_wait_that_has_begun(loop: EventLoop) -> None:
    loop.call_later(60, lambda: None)
    time.sleep(0.05)
    done = threading.Event()
    begun = time.monotonic()
    loop.call_later(0.05, done.set)
    assert done.wait(5)
    assert 0.05 <= time.monotonic() - begun < 1


def test_timers_are_called_by_their_time_and_cancelled_ones_not_at_all(loop: EventLoop) -> None:
    made: list[str] = []
    loop.call_later(0.06, lambda: made.append("late"))
    loop.call_later(0.03, lambda: made.append("cancelled")).cancel()
    loop.call_later(0.02, lambda: made.append("early"))
    wait_until(lambda: "late" in made)
    assert made == ["early", "late"]


def test_a_call_that_raises_is_logged_and_does_not_end_the_loop(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    done = threading.Event()
    with caplog.at_level(logging.ERROR):
        loop.call_soon(lambda: 1 / 0)  # type: ignore[arg-type]
        loop.call_soon(done.set)
        assert done.wait(5)
    assert "ZeroDivisionError" in caplog.text


def test_a_socket_is_watched_until_it_is_forgotten(loop: EventLoop) -> None:
    ours, theirs = socket.socketpair()
    received: list[bytes] = []

    def on_ready(may_read: bool, may_write: bool) -> None:
        assert may_read
        assert not may_write
        received.append(ours.recv(10))
        loop.watch(ours, on_ready, read=False, write=False)

    loop.call_soon(lambda: loop.watch(ours, on_ready, read=True, write=False))
    theirs.send(b"one")
    wait_until(lambda: received)
    theirs.send(b"two")
    time.sleep(0.05)
    assert received == [b"one"]
    ours.close()
    theirs.close()


def test_every_call_that_was_accepted_is_made_even_while_the_loop_stops() -> None:
    loop = EventLoop("test-loop")
    loop.start()
    accepted, made = [0] * 4, []

    def produce(number: int) -> None:
        while loop.call_soon(lambda: made.append(number)):
            accepted[number] += 1

    threads = [threading.Thread(target=produce, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    loop.stop()
    for thread in threads:
        thread.join()
    assert [made.count(number) for number in range(4)] == accepted
    assert not loop.call_soon(lambda: None)


def test_a_loop_that_never_started_makes_no_call_when_it_stops() -> None:
    loop = EventLoop("test-loop")
    made: list[int] = []
    loop.call_soon(lambda: made.append(1))
    loop.stop()
    loop.stop()
    assert made == []
    assert not loop.call_soon(lambda: None)
