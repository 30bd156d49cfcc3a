"""Subscriptions as in Java agents: limits of duration and interval, expiry, and only new or changed objects."""

import pytest

from hostinfo.agent.qmf import DataObject, ObjectId, QmfError, Query, ReplyTo, Route, Subscriptions, TooLarge
from hostinfo.agent.qmf.agent_side.subscriptions import Subscription

S = 10**9
REPLY = ReplyTo(Route("qmf.default.topic", "direct-console.1"), "17")


class Inventory:
    """Objects with their update times, as a store would return them."""

    def __init__(self, **times: int) -> None:
        self.times = times

    def evaluate(self, _item: Subscription) -> list[DataObject]:
        return [DataObject(object_id=ObjectId(name), update_ts=ts) for name, ts in self.times.items()]

    def published(self, subscriptions: Subscriptions, now_ns: int) -> list[list[str]]:
        due = subscriptions.due(now_ns, self.evaluate)
        return [[item.object_id.object_name for item in changed if item.object_id] for _, changed in due]


@pytest.mark.parametrize(
    ("requested", "granted"),
    [((0, 0), (300, 30_000)), ((1, 1), (10, 1_000)), ((9_999, 2_000), (3_600, 2_000)), ((-5, -5), (300, 30_000))],
)
def test_duration_and_interval_are_kept_within_limits(requested: tuple[int, int], granted: tuple[int, int]) -> None:
    item = Subscriptions().subscribe(Query(), REPLY, 0, duration_s=requested[0], interval_ms=requested[1])
    assert (item.duration_s, item.interval_ms) == granted


def test_all_objects_are_published_at_once_and_then_only_new_or_changed_ones() -> None:
    inventory, subscriptions = Inventory(a=1, b=1), Subscriptions()
    subscriptions.subscribe(Query(), REPLY, 0, interval_ms=1_000)
    assert inventory.published(subscriptions, 0) == [["a", "b"]]
    assert inventory.published(subscriptions, S // 2) == []  # not due
    assert inventory.published(subscriptions, 1 * S) == []  # due, nothing new
    inventory.times |= {"b": 2, "c": 2}
    assert inventory.published(subscriptions, 2 * S) == [["b", "c"]]
    assert inventory.published(subscriptions, 3 * S) == []


def test_an_object_that_disappears_and_reappears_is_new() -> None:
    inventory, subscriptions = Inventory(a=1), Subscriptions()
    subscriptions.subscribe(Query(), REPLY, 0, interval_ms=1_000)
    inventory.published(subscriptions, 0)
    del inventory.times["a"]
    assert inventory.published(subscriptions, 1 * S) == []
    inventory.times["a"] = 1
    assert inventory.published(subscriptions, 2 * S) == [["a"]]


def test_a_subscription_expires_silently_unless_it_is_refreshed() -> None:
    inventory, subscriptions = Inventory(a=1), Subscriptions()
    item = subscriptions.subscribe(Query(), REPLY, 0, duration_s=10, interval_ms=1_000)
    assert subscriptions.refresh(item.id, 9 * S) is item
    assert inventory.published(subscriptions, 15 * S) == [["a"]]
    assert inventory.published(subscriptions, 19 * S) == []
    assert len(subscriptions) == 0
    assert subscriptions.refresh(item.id, 20 * S) is None


def test_a_refresh_changes_the_duration_only_if_it_has_one() -> None:
    subscriptions = Subscriptions()
    item = subscriptions.subscribe(Query(), REPLY, 0, duration_s=100)
    subscriptions.refresh(item.id, 1 * S)
    assert (item.duration_s, item.expires_ns) == (100, 101 * S)
    subscriptions.refresh(item.id, 2 * S, duration_s=50)
    assert (item.duration_s, item.expires_ns) == (50, 52 * S)


def test_a_cancelled_subscription_is_removed_and_cancelling_twice_is_no_error() -> None:
    subscriptions = Subscriptions()
    item = subscriptions.subscribe(Query(), REPLY, 0)
    subscriptions.cancel(item.id)
    subscriptions.cancel(item.id)
    assert subscriptions.next_due_ns() is None


def test_the_number_of_subscriptions_is_bounded_in_total_and_per_console() -> None:
    subscriptions = Subscriptions(max_subscriptions=4, max_per_subscriber=2)
    for _ in range(2):
        subscriptions.subscribe(Query(), REPLY, 0)
    with pytest.raises(TooLarge):
        subscriptions.subscribe(Query(), REPLY, 0)
    for number in range(2):
        subscriptions.subscribe(Query(), ReplyTo(Route("q", str(number))), 0)
    with pytest.raises(TooLarge):
        subscriptions.subscribe(Query(), ReplyTo(Route("q", "x")), 0)
    subscriptions.subscribe(Query(), ReplyTo(Route("q", "x")), 301 * S)  # the others have expired


def test_a_deleted_object_is_published_once_to_the_subscribers_that_know_it() -> None:
    inventory, subscriptions = Inventory(a=1), Subscriptions()
    item = subscriptions.subscribe(Query(), REPLY, 0)
    inventory.published(subscriptions, 0)
    deleted = DataObject(object_id=ObjectId("a"), delete_ts=5)
    assert list(subscriptions.forget_object(deleted, 1 * S)) == [item]
    assert list(subscriptions.forget_object(deleted, 1 * S)) == []


def test_a_subscription_whose_query_fails_is_ended_and_the_others_continue() -> None:
    subscriptions = Subscriptions()
    bad = subscriptions.subscribe(Query(), REPLY, 0)
    good = subscriptions.subscribe(Query(), REPLY, 0)

    def evaluate(item: Subscription) -> list[DataObject]:
        if item is bad:
            raise QmfError("too expensive")
        return Inventory(a=1).evaluate(item)

    assert [item for item, _ in subscriptions.due(0, evaluate)] == [good]
    assert len(subscriptions) == 1


def test_the_next_publication_time_is_the_earliest_of_all_subscriptions() -> None:
    subscriptions = Subscriptions()
    subscriptions.subscribe(Query(), REPLY, 0, interval_ms=5_000)
    subscriptions.subscribe(Query(), REPLY, 1 * S, interval_ms=1_000)
    Inventory(a=1).published(subscriptions, 1 * S)
    assert subscriptions.next_due_ns() == 2 * S


def gone(changed: list[DataObject]) -> list[str]:
    return [item.object_id.object_name for item in changed if item.object_id is not None and item.is_deleted]


def test_after_a_restart_everything_is_published_again_and_what_was_deleted_meanwhile() -> None:
    inventory, subscriptions = Inventory(a=1, b=1, c=1), Subscriptions()
    subscriptions.subscribe(Query(), REPLY, 0, interval_ms=1_000)
    inventory.published(subscriptions, 0)
    del inventory.times["b"]  # while there is no connection, no deletion is published
    subscriptions.restart(1 * S)
    ((_, changed),) = subscriptions.due(1 * S, inventory.evaluate)
    assert [item.object_id.object_name for item in changed if item.object_id] == ["a", "c", "b"]
    assert gone(changed) == ["b"]
    assert inventory.published(subscriptions, 2 * S) == []


def test_a_deletion_that_may_have_been_lost_with_the_broker_is_published_again() -> None:
    inventory, subscriptions = Inventory(a=1, b=1, c=1), Subscriptions()
    subscriptions.subscribe(Query(), REPLY, 0, interval_ms=1_000)
    inventory.published(subscriptions, 0)
    for name in ("a", "b"):
        list(subscriptions.forget_object(DataObject(object_id=ObjectId(name), delete_ts=5), 1 * S))
        del inventory.times[name]
    inventory.published(subscriptions, 2 * S)
    inventory.times["b"] = 3  # it is there again
    subscriptions.restart(3 * S)
    ((_, changed),) = subscriptions.due(3 * S, inventory.evaluate)
    assert gone(changed) == ["a"]
    subscriptions.restart(4 * S)
    ((_, changed),) = subscriptions.due(4 * S, inventory.evaluate)
    assert gone(changed) == ["a"]
    inventory.published(subscriptions, 200 * S)
    subscriptions.restart(201 * S)
    ((_, changed),) = subscriptions.due(201 * S, inventory.evaluate)
    assert gone(changed) == []
