"""Expected results are those of qmf/Expression.cpp, except where a comment names the difference."""

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf.query.budget import Budget
from hostinfo.agent.qmf.query.predicate import Predicate
from hostinfo.agent.qmf.query.query_syntax import parse_list
from hostinfo.agent.qmf.wire.errors import Malformed, QmfError, TooLarge
from hostinfo.agent.qmf.wire.types import Map, Value

HOST: Map = {
    "name": "node1",
    "cpus": 8,
    "load": 0.5,
    "text_number": "16",
    "up": True,
    "uuid": UUID("11111111-2222-3333-4444-555555555555"),
    "none": None,
    "list": [1, 2],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", True),
        ("[true]", True),
        ("[false]", False),
        ("[eq, name, [quote, node1]]", True),
        ("[eq, name, [quote, node2]]", False),
        ("[ne, name, [quote, node2]]", True),
        ("[ne, missing, [quote, x]]", False),  # any comparison with a missing property is false
        ("[eq, missing, missing]", False),
        ("[not, [eq, missing, [quote, x]]]", True),
        ("[exists, none]", True),
        ("[exists, missing]", False),
        ("[eq, cpus, [quote, 8]]", True),
        ("[eq, cpus, [quote, '8']]", True),
        ("[lt, cpus, [quote, 9]]", True),
        ("[lt, cpus, [quote, '9']]", True),
        ("[lt, cpus, [quote, nine]]", False),
        ("[gt, cpus, [quote, nine]]", False),
        ("[lt, text_number, [quote, 17]]", True),
        ("[gt, text_number, [quote, '9']]", False),  # two texts compare lexically
        ("[le, name, [quote, node1]]", True),
        ("[ge, load, [quote, 0.5]]", True),
        ("[gt, load, [quote, 0.5]]", False),
        ("[and]", True),
        ("[or]", False),
        ("[not]", True),
        ("[and, [eq, cpus, [quote, 8]], [false]]", False),
        ("[or, [false], [exists, name]]", True),
        ("[not, [false], [exists, name]]", False),  # true only if no part is
        ("[eq, name, name]", True),
        ("[eq, uuid, [quote, 11111111-2222-3333-4444-555555555555]]", True),
        ("[eq, up, [quote, True]]", True),
        ("[eq, up, [quote, 'true']]", True),
        ("[eq, list, [quote, [1, 2]]]", True),
        ("[lt, list, [quote, [1, 3]]]", False),
        ("[lt, load, [quote, 1]]", True),  # C++: false, for int against float
        ("[eq, load, [quote, 0.50]]", True),
        ("[gt, cpus, 4]", True),  # C++: an exception
        ("[re_match, name, [quote, '^node[0-9]$']]", True),  # C++: always false
        ("[re_match, name, [quote, 'ode']]", True),  # it searches, as in Java agents
        ("[re_match, cpus, [quote, '8']]", False),
    ],
)
def test_predicates_evaluate_as_expected(text: str, expected: bool) -> None:
    assert Predicate(parse_list(text)).matches(HOST) is expected


@pytest.mark.parametrize(
    "expression",
    [
        ["nope", "a"],
        ["eq", "a"],
        ["eq", "a", "b", "c"],
        ["true", "a"],
        ["exists"],
        ["and", "true"],
        ["eq", "a", ["b"]],
        ["eq", "a", ["quote"]],
        ["eq", "a", ["quote", 1, 2]],
        ["eq", {"a": 1}, "b"],
        [["true"]],
        [None],
        [1],
        ["eq", "a", None],
        ["re_match", "a", ["quote", 7]],
        ["re_match", "a", ["quote", "("]],
    ],
)
def test_an_invalid_predicate_is_malformed(expression: list[Value]) -> None:
    with pytest.raises(Malformed):
        Predicate(expression)


def test_depth_and_size_are_bounded() -> None:
    deep: Value = ["true"]
    for _ in range(10_000):
        deep = ["not", deep]
    assert isinstance(deep, list)
    true: Value = ["true"]
    wide: list[Value] = ["or", *[true] * 5_000]
    for expression in (deep, wide):
        with pytest.raises(TooLarge):
            Predicate(expression)


def test_the_budget_stops_the_most_expensive_valid_predicate() -> None:
    """The evaluation of 250 regular expressions on ten thousand objects exceeds the budget."""

    terms: list[Value] = [["re_match", "t", ["quote", f"(a|b)*{n}$"]] for n in range(250)]
    predicate = Predicate(["or", *terms])
    budget = Budget()
    start = time.process_time()
    with pytest.raises(TooLarge):
        any(predicate.matches({"t": "ab" * 2_000}, budget) for _ in range(10_000))
    assert time.process_time() - start < 20


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["eq", "and", "quote", "a", "re_match"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=12,
)


@given(st.lists(json_like, max_size=4))
def test_any_list_is_parsed_as_predicate_or_rejected(expression: list[Value]) -> None:
    try:
        predicate = Predicate(expression)
        predicate.matches({"a": 1, "eq": "x"})
        predicate.matches({"a": "x" * 100, "and": [1]})
    except QmfError:
        return
