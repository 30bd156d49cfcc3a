"""Predicates as people write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.console import parse_predicate
from hostinfo.agent.qmf import Predicate, QmfError, Value

NODE = {"hostname": "node1", "memory": 2_000_000, "online": True, "model": "EPYC, second", "serial": "007", "load": 0.5}


@pytest.mark.parametrize(
    "text",
    [
        "hostname=node1",
        "hostname == node1",
        "hostname != node2",
        "memory>1000000",
        "memory >= 2000000, memory<=2000000",
        "memory>1 and load<0.75 and online=true",
        "model='EPYC, second'",
        'model ~ "^EPYC.*nd$"',
        "hostname~^node[0-9]$",
        "hostname",
        "!nothere",
        "hostname=node1 && !nothere",
        "serial='007'",
        "[eq, hostname, [quote, node1]]",
    ],
)
def test_the_node_fulfils_it(text: str) -> None:
    assert Predicate(parse_predicate(text)).matches(NODE)


@pytest.mark.parametrize(
    "text",
    ["hostname=node2", "memory>1e9", "memory>1, hostname=x", "nothere", "nothere!=x", "!hostname", "online=false"],
)
def test_the_node_does_not_fulfil_it(text: str) -> None:
    assert not Predicate(parse_predicate(text)).matches(NODE)


@pytest.mark.parametrize(
    "text", ["", " ", "=", "a==", "a=b c=d", "a=b,", ",a", "a=", "a='b", "[eq", "[nope, a]", "a<>b", "and", "a~("]
)
def test_what_is_no_predicate_is_refused_with_words(text: str) -> None:
    if text == "and":  # a property may have this name
        assert parse_predicate(text) == ["exists", "and"]
        return
    with pytest.raises(QmfError, match=r"\w"):
        parse_predicate(text)


def test_quoted_numbers_stay_text_and_bare_ones_are_numbers() -> None:
    terms: list[Value] = parse_predicate("a='12', b=12, c=1.5, d=1.2.3")
    assert terms == [
        "and",
        ["eq", "a", ["quote", "12"]],
        ["eq", "b", ["quote", 12]],
        ["eq", "c", ["quote", 1.5]],
        ["eq", "d", ["quote", "1.2.3"]],
    ]


@given(st.text(max_size=200))
def test_any_text_is_a_predicate_or_refused(text: str) -> None:
    with contextlib.suppress(QmfError):
        Predicate(parse_predicate(text))
