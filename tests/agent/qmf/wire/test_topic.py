"""Test vectors of qpidd (src/tests/TopicExchangeTest.cpp); the property test has the textbook recursion as oracle."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf.wire.topic import TopicPattern, TopicTable


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("ab.cd.e", ["ab.cd.e"], ["abx.cd.e", "ab.cd", "ab.cd..e.", "ab.cd.e.", ".ab.cd.e"]),
        ("", [""], ["a"]),
        (".", ["."], [""]),
        ("a.*.b", ["a.xx.b"], ["a.b"]),
        ("*.x", ["y.x", ".x"], ["x"]),
        ("x.x.*", ["x.x.y", "x.x."], ["x.x", "q.x.y"]),
        ("a.#.b", ["a.b", "a.x.b", "a..x.y.zz.b"], ["a.b.", "q.x.b"]),
        ("a.#", ["a", "a.b", "a.b.c"], ["b"]),
        ("#.a", ["a", "x.y.a"], ["a.x"]),
        ("a.#.b.#.c", ["a.b.c", "a.x.b.y.c", "a.x.x.b.y.y.c"], ["a.c"]),
        ("*.x.#.y", ["a.x.y", "a.x.p.qq.y"], ["a.a.x.y", "aa.x.b.c"]),
        ("a.#.b.*", ["a.b.x", "a.x.x.x.b.x"], ["a.b"]),
        ("*.*.*.#", ["x.y.z", "x.y.z.a.b.c"], ["x.y"]),
        ("console.#", ["console.request.agent_locate"], ["agent.ind"]),
        ("agent.ind.event.*.*.warn.#", ["agent.ind.event.p.c.warn.v.p.i"], ["agent.ind.event.p.c.info.v.p.i"]),
    ],
)
def test_the_test_vectors_of_qpidd_match(pattern: str, matching: list[str], others: list[str]) -> None:
    compiled = TopicPattern(pattern)
    assert [key for key in matching if not compiled.matches(key)] == []
    assert [key for key in others if compiled.matches(key)] == []


def textbook(pattern: Sequence[str], key: Sequence[str]) -> bool:
    if not pattern:
        return not key
    if pattern[0] == "#":
        return textbook(pattern[1:], key) or bool(key and textbook(pattern, key[1:]))
    return bool(key) and pattern[0] in ("*", key[0]) and textbook(pattern[1:], key[1:])


words = st.lists(st.sampled_from(["a", "b", "cc"]), min_size=1, max_size=7).map(".".join)
patterns = st.lists(st.sampled_from(["a", "b", "*", "#", "#"]), min_size=1, max_size=7).map(".".join)


@given(patterns, words)
def test_a_pattern_matches_what_the_textbook_recursion_matches(pattern: str, key: str) -> None:
    assert TopicPattern(pattern).matches(key) is textbook(pattern.split("."), key.split("."))


def test_a_pattern_with_many_hashes_is_matched_in_linear_time() -> None:
    pattern = TopicPattern(".".join(["#", "a"] * 60) + ".b")
    start = time.process_time()
    assert not pattern.matches(".".join(["a"] * 120))
    assert time.process_time() - start < 0.5


def test_a_table_returns_each_subscriber_once_and_none_that_is_unbound() -> None:
    table: TopicTable[str] = TopicTable()
    table.bind("agent.#", "console")
    table.bind("agent.ind.#", "console")
    table.bind("agent.ind.x", "exact")
    assert sorted(table.route("agent.ind.x")) == ["console", "exact"]
    table.unbind("agent.#", "console")
    assert table.route("agent.y") == ()
    assert table.route("agent.ind.y") == ("console",)
    table.unbind("agent.ind.x", "exact")
    table.unbind("agent.ind.x", "exact")
    assert table.route("agent.ind.x") == ("console",)
