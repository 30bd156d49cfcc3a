"""When messages to oneself are sent: with a clock of the test's, no broker."""

from __future__ import annotations

from collections.abc import Callable

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport.broker.self_check import CHECK_KEY, MAX_KEYS, SelfCheck

EXCHANGES = ("d", "t")


class Timer:
    def __init__(self, call: Callable[[], None], due: float) -> None:
        self.call, self.due, self.is_cancelled = call, due, False

    def cancel(self) -> None:
        self.is_cancelled = True


class Broker:
    """Returns what it is sent, except to keys that are `lost`; counts what it was asked."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []
        self.sent: list[Message] = []
        self.lost: set[str] = set()
        self.repairs = self.passes = 0
        self.is_taking = True
        self.failures: list[str] = []
        self.check = SelfCheck(
            self,  # type: ignore[arg-type]  # only its timers are used
            "token",
            30.0,
            subscriptions=pairs,
            exchanges=EXCHANGES,
            send=self._send,
            is_sent=lambda: self.is_taking,
            repair=self._repair,
            on_passed=self._pass,
            on_failed=self.failures.append,
        )

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(call, self.now + seconds))
        return self.timers[-1]

    def run(self, seconds: float) -> None:
        """Let time pass, and deliver everything that is sent in it."""
        end = self.now + seconds
        while True:
            self._deliver()
            due = [timer for timer in self.timers if not timer.is_cancelled and timer.due <= end]
            if not due:
                break
            timer = min(due, key=lambda one: one.due)
            self.timers.remove(timer)
            self.now = timer.due
            timer.call()
        self.now = end

    def _deliver(self) -> None:
        waiting = [message for message in self.sent if message.subject not in self.lost]
        for message in waiting:
            self.check.on_message(message)

    def _send(self, message: Message) -> bool:
        self.sent.append(message)
        return True

    def _repair(self) -> None:
        self.repairs += 1

    def _pass(self) -> None:
        self.passes += 1


def test_each_exchange_costs_one_message_in_a_heartbeat_interval_and_wildcards_none() -> None:
    broker = Broker(("d", "agent"), ("t", "own"), ("t", "console.#"), ("t", "a.*"), ("amq.direct", "v1"))
    broker.check.start()
    broker.run(3_600)
    assert 2 * 120 <= len(broker.sent) <= 2 * 181
    assert {message.subject for message in broker.sent} == {"agent", "own"}
    assert len({message.properties[CHECK_KEY] for message in broker.sent}) == len(broker.sent)
    assert broker.passes == len(broker.sent) // 2
    assert not broker.repairs


def test_a_loss_is_found_within_a_heartbeat_interval_and_repaired_once() -> None:
    broker = Broker(("d", "agent"))
    broker.check.start()
    broker.run(100)
    broker.lost = {"agent"}
    broker.run(30)
    assert broker.repairs == 1
    broker.lost = set()
    broker.check.on_repaired()
    broker.run(600)
    assert not broker.failures
    assert broker.repairs == 1


def test_a_loss_that_no_repair_mends_is_reported_with_exchange_and_key() -> None:
    broker = Broker(("d", "agent"))
    broker.lost = {"agent"}
    broker.check.start()
    broker.run(60)
    (text,) = broker.failures
    assert "from d with the key agent" in text
    assert broker.repairs == 1


def test_a_broker_that_takes_nothing_for_a_while_is_not_left() -> None:
    broker = Broker(("d", "agent"))
    broker.check.start()
    broker.run(100)
    broker.is_taking, broker.lost = False, {"agent"}
    broker.run(600)
    assert not broker.failures
    broker.lost = set()
    broker.run(100)
    assert not broker.failures


def test_one_that_takes_nothing_from_the_start_is_reported() -> None:
    broker = Broker(("d", "agent"))
    broker.is_taking, broker.lost = False, {"agent"}
    broker.check.start()
    broker.run(30)
    assert broker.failures == ["the broker takes no messages; is its memory or disk full?"]


def test_many_keys_take_turns() -> None:
    pairs = [("d", f"agent{number}") for number in range(20)]
    broker = Broker(*pairs)
    broker.check.start()
    assert len(broker.sent) == MAX_KEYS
    broker.run(200)
    assert {("d", message.subject) for message in broker.sent} == set(pairs)


def test_a_connection_without_keys_of_its_own_passes_at_once() -> None:
    broker = Broker(("t", "agent.#"))
    broker.check.start()
    assert broker.passes == 1
    assert not broker.sent
