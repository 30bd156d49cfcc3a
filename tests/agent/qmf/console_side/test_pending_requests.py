"""How parts and results complete the requests of a console."""

import pytest

from hostinfo.agent.qmf import Failure, MethodResult, PendingRequests, QueryPart, TooLarge
from hostinfo.agent.qmf.schema.objects import DataObject


def part(
    correlation: str, count: int = 1, *, is_last: bool = False, agent: str = "v:p:i", number: int = 0
) -> QueryPart:
    items = tuple(DataObject() for _ in range(count))
    return QueryPart(
        agent=agent, correlation=correlation, content="_data", items=items, dropped=0, is_last=is_last, number=number
    )


def test_parts_are_collected_until_the_last() -> None:
    pending = PendingRequests()
    request = pending.register("v:p:i")
    assert pending.complete(part(request.correlation, 8)) is None
    assert pending.complete(part(request.correlation, 4, is_last=True)) is request
    assert len(request.items) == 12
    assert len(pending) == 0


def test_correlation_ids_are_distinct_decimal_numbers() -> None:
    pending = PendingRequests()
    correlations = [pending.register("a").correlation for _ in range(100)]
    assert len(set(correlations)) == 100
    assert all(0 < int(correlation) < 2**32 for correlation in correlations)


def test_responses_of_other_agents_and_without_request_are_ignored() -> None:
    pending = PendingRequests()
    request = pending.register("v:p:i")
    assert pending.complete(part(request.correlation, is_last=True, agent="v:p:evil")) is None
    assert pending.complete(part("12345", is_last=True)) is None
    assert pending.complete(MethodResult(agent="v:p:i", correlation=None, arguments={})) is None
    assert len(pending) == 1
    assert not request.items


def test_a_result_or_a_failure_completes_a_request() -> None:
    pending = PendingRequests()
    request = pending.register("v:p:i")
    failure = Failure(agent="v:p:i", correlation=request.correlation, code=1, text="no", values={})
    assert pending.complete(failure) is request
    assert request.result is failure


def test_a_response_with_a_lost_part_is_a_failure() -> None:
    pending = PendingRequests()
    request = pending.register("v:p:i")
    assert pending.complete(part(request.correlation, 8, number=1)) is None
    assert pending.complete(part(request.correlation, 4, is_last=True, number=3)) is request
    assert isinstance(request.result, Failure)
    assert "1 of 3 parts" in request.result.text
    assert len(request.items) == 12
    whole = pending.register("v:p:i")
    assert pending.complete(part(whole.correlation, 8, number=1)) is None
    assert pending.complete(part(whole.correlation, 4, is_last=True, number=2)) is whole
    assert whole.result is None


def test_an_endless_response_is_stopped() -> None:
    pending = PendingRequests(max_items=20)
    request = pending.register("v:p:i")
    assert pending.complete(part(request.correlation, 15)) is None
    assert pending.complete(part(request.correlation, 15)) is request
    assert isinstance(request.result, Failure)
    assert request.items == []


def test_the_number_of_pending_requests_is_bounded() -> None:
    pending = PendingRequests(max_requests=1)
    pending.register("a")
    with pytest.raises(TooLarge):
        pending.register("a")
