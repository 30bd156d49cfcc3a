"""Expected results are those of qmf/Expression.cpp, but for the four cases that are named as better."""

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf.query.budget import Budget
from hostinfo.agent.qmf.query.predicate import Predicate
from hostinfo.agent.qmf.query.query_syntax import parse_list, parse_map
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
        ("[ne, missing, [quote, x]]", False),  # a missing property makes anything false
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
        ("[gt, text_number, [quote, '9']]", False),  # both are text: lexical
        ("[le, name, [quote, node1]]", True),
        ("[ge, load, [quote, 0.5]]", True),
        ("[gt, load, [quote, 0.5]]", False),
        ("[and]", True),
        ("[or]", False),
        ("[not]", True),
        ("[and, [eq, cpus, [quote, 8]], [false]]", False),
        ("[or, [false], [exists, name]]", True),
        ("[not, [false], [exists, name]]", False),  # none of them
        ("[eq, name, name]", True),
        ("[eq, uuid, [quote, 11111111-2222-3333-4444-555555555555]]", True),
        ("[eq, up, [quote, True]]", True),
        ("[eq, up, [quote, 'true']]", True),
        ("[eq, list, [quote, [1, 2]]]", True),
        ("[lt, list, [quote, [1, 3]]]", False),
        ("[lt, load, [quote, 1]]", True),  # better than C++: int against float
        ("[eq, load, [quote, 0.50]]", True),
        ("[gt, cpus, 4]", True),  # better than C++: a bare number is itself
        ("[re_match, name, [quote, '^node[0-9]$']]", True),  # C++: always false
        ("[re_match, name, [quote, 'ode']]", True),  # searches, as the Java agents
        ("[re_match, cpus, [quote, '8']]", False),
    ],
)
def test_predicates(text: str, expected: bool) -> None:
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
def test_what_is_no_predicate_is_malformed(expression: list[Value]) -> None:
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


def test_the_worst_predicate_that_is_allowed_ends_soon() -> None:
    """255 terms over ten thousand objects is cut by the budget of one query."""

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
def test_any_list_is_a_predicate_or_refused(expression: list[Value]) -> None:
    try:
        predicate = Predicate(expression)
        predicate.matches({"a": 1, "eq": "x"})
        predicate.matches({"a": "x" * 100, "and": [1]})
    except QmfError:
        return


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[eq, _product, [quote, hostd]]", ["eq", "_product", ["quote", "hostd"]]),
        ("[a, 'b c', \"d'e\", 1, -2, 1.5, true, '1']", ["a", "b c", "d'e", 1, -2, 1.5, True, "1"]),
        ("[/dev/sda,52:54:00:00:00:01,1.2.3]", ["/dev/sda", "52:54:00:00:00:01", "1.2.3"]),
        (" [ ] ", []),
        ("[[],{a:1},]", [[], {"a": 1}]),
        ("[inf, nan, 1_0, +5, .5, 8a]", ["inf", "nan", "1_0", 5, 0.5, "8a"]),
    ],
)
def test_the_textual_form_of_lists(text: str, expected: list[Value]) -> None:
    assert parse_list(text) == expected


def test_text_nested_ten_thousand_deep_is_refused() -> None:
    for text in ("[" * 5_000 + "]" * 5_000, "[" + "{a:" * 4_000 + "1" + "}" * 4_000 + "]"):
        with pytest.raises(TooLarge):
            parse_list(text)
    with pytest.raises(TooLarge):
        parse_list("[" + "a," * 10_000 + "]")


def test_the_textual_form_of_queries() -> None:
    assert parse_map("{class:Host, package:'x', where:[eq,a,[quote,1]]}") == {
        "class": "Host",
        "package": "x",
        "where": ["eq", "a", ["quote", 1]],
    }


@pytest.mark.parametrize("text", ["", "a", "[", "[a", "[a]]", "['a]", "[a b]", "[,]", "{a:1}", "[a] b", "[" * 50])
def test_bad_text_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(QmfError, match=r"character|nested"):
        parse_list(text)


@given(st.text(st.sampled_from("[]{}'\",:ab1. "), max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for parse in (parse_list, parse_map):
        try:
            parse(text)
        except QmfError:
            continue
