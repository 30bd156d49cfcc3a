"""Which messages are sent again after an outage."""

from __future__ import annotations

from hostinfo.agent.qmf import Message
from hostinfo.agent.transport.broker.kept_messages import MAX_KEPT, KeptMessages


def message(number: int) -> Message:
    return Message(message_id=f"id{number}", body={"n": number})


def numbers(messages: list[Message]) -> list[str | None]:
    return [one.message_id for one in messages]


def test_what_was_not_confirmed_is_sent_again_at_once_and_what_was_confirmed_lately_a_little_later() -> None:
    kept = KeptMessages()
    for number, now in ((1, 0.0), (2, 50.0), (3, 60.0)):
        kept.add(message(number), now)
    kept.confirm(message(1))
    kept.confirm(message(2))
    kept.on_lost(61.0)
    kept.add(message(4), 90.0)
    assert numbers(kept.unconfirmed(100.0)) == ["id3", "id4"]
    assert numbers(kept.all_lost(103.0)) == ["id2", "id3", "id4"]
    kept.confirm(message(3))
    kept.confirm(message(4))
    kept.on_resent()
    assert numbers(kept.all_lost(111.0)) == []


def test_nothing_older_than_five_minutes_and_no_more_than_a_thousand_are_kept() -> None:
    kept = KeptMessages()
    kept.add(message(0), 0.0)
    for number in range(1, MAX_KEPT + 2):
        kept.add(message(number), 10.0)
    assert len(kept.unconfirmed(10.0)) == MAX_KEPT
    assert kept.unconfirmed(311.0) == []
