import pytest

from hostinfo.agent.qmf import AgentSeen, AgentTable, Change, Failure, MethodResult, Pending, QueryPart, TooLarge
from hostinfo.agent.qmf.schema.objects import DataObject

S = 10**9


def seen(agent: str = "v:p:i", epoch: int = 1, schema_updated: int = 1, interval_s: int = 10) -> AgentSeen:
    return AgentSeen(
        agent=agent,
        attributes={},
        is_answer=False,
        timestamp=0,
        epoch=epoch,
        schema_updated=schema_updated,
        interval_s=interval_s,
        capability=1,
    )


def part(
    correlation: str, count: int = 1, *, is_last: bool = False, agent: str = "v:p:i", number: int = 0
) -> QueryPart:
    items = tuple(DataObject() for _ in range(count))
    return QueryPart(
        agent=agent, correlation=correlation, content="_data", items=items, dropped=0, is_last=is_last, number=number
    )


def test_a_heartbeat_means_added_refreshed_restarted_or_schema_changed() -> None:
    table = AgentTable()
    assert table.see(seen(), 0) is Change.ADDED
    assert table.see(seen(), 1) is Change.REFRESHED
    assert table.see(seen(schema_updated=2), 2) is Change.SCHEMA_CHANGED
    assert table.see(seen(epoch=2, schema_updated=3), 3) is Change.RESTARTED


@pytest.mark.parametrize(("interval_s", "lost_s"), [(10, 30), (1, 30), (0, 30), (20, 60), (2**40, 3 * 3600)])
def test_an_agent_is_lost_after_three_heartbeats(interval_s: int, lost_s: int) -> None:
    table = AgentTable()
    table.see(seen(interval_s=interval_s), 0)
    assert table.age(lost_s * S - 1) == []
    assert [agent.seen.agent for agent in table.age(lost_s * S)] == ["v:p:i"]
    assert len(table) == 0


def test_any_message_of_an_agent_shows_that_it_lives() -> None:
    table = AgentTable()
    table.see(seen(), 0)
    table.touch("v:p:i", 25 * S)
    table.touch("nobody", 25 * S)
    assert table.age(40 * S) == []


def test_invented_agents_do_not_fill_the_memory() -> None:
    table = AgentTable(most=3)
    changes = [table.see(seen(f"v:p:{number}"), 0) for number in range(5)]
    assert changes == [Change.ADDED] * 3 + [Change.IGNORED] * 2
    assert len(table) == len(list(table)) == 3


def test_parts_are_put_together_until_the_last() -> None:
    pending = Pending()
    request = pending.expect("v:p:i", 10 * S)
    assert pending.take(part(request.correlation, 8)) is None
    assert pending.take(part(request.correlation, 4, is_last=True)) is request
    assert len(request.items) == 12
    assert len(pending) == 0


def test_correlations_are_decimal_numbers_that_differ() -> None:
    pending = Pending()
    correlations = [pending.expect("a", 0).correlation for _ in range(100)]
    assert len(set(correlations)) == 100
    assert all(0 < int(correlation) < 2**32 for correlation in correlations)


def test_answers_of_others_and_answers_to_nothing_are_dropped() -> None:
    pending = Pending()
    request = pending.expect("v:p:i", 10 * S)
    assert pending.take(part(request.correlation, is_last=True, agent="v:p:evil")) is None
    assert pending.take(part("12345", is_last=True)) is None
    assert pending.take(MethodResult(agent="v:p:i", correlation=None, arguments={})) is None
    assert len(pending) == 1
    assert not request.items


def test_a_result_or_a_failure_completes_a_request() -> None:
    pending = Pending()
    request = pending.expect("v:p:i", 10 * S)
    failure = Failure(agent="v:p:i", correlation=request.correlation, code=1, text="no", values={})
    assert pending.take(failure) is request
    assert request.result is failure


def test_an_answer_that_lost_a_part_on_the_way_is_no_whole_answer() -> None:
    pending = Pending()
    request = pending.expect("v:p:i", 10 * S)
    assert pending.take(part(request.correlation, 8, number=1)) is None
    assert pending.take(part(request.correlation, 4, is_last=True, number=3)) is request
    assert isinstance(request.result, Failure)
    assert "1 of 3 parts" in request.result.text
    assert len(request.items) == 12
    whole = pending.expect("v:p:i", 10 * S)
    assert pending.take(part(whole.correlation, 8, number=1)) is None
    assert pending.take(part(whole.correlation, 4, is_last=True, number=2)) is whole
    assert whole.result is None


def test_an_answer_without_end_is_ended() -> None:
    pending = Pending(most_items=20)
    request = pending.expect("v:p:i", 10 * S)
    assert pending.take(part(request.correlation, 15)) is None
    assert pending.take(part(request.correlation, 15)) is request
    assert isinstance(request.result, Failure)
    assert request.items == []


def test_the_late_are_given_with_what_came() -> None:
    pending = Pending()
    early, late = pending.expect("a", 5 * S), pending.expect("b", 9 * S)
    pending.take(part(early.correlation, 3, agent="a"))
    assert pending.expire(6 * S) == [early]
    assert len(early.items) == 3
    assert pending.expire(6 * S) == []
    assert pending.expire(9 * S) == [late]


def test_the_number_of_requests_is_bounded() -> None:
    pending = Pending(most=1)
    pending.expect("a", 0)
    with pytest.raises(TooLarge):
        pending.expect("a", 0)
