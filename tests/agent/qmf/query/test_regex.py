"""The oracle is Python's re, on patterns and texts for which it is fast."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf.query.budget import Budget
from hostinfo.agent.qmf.query.regex import Regex
from hostinfo.agent.qmf.wire.errors import QmfError, TooLarge

atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "[a-c]", r"\d", r"\w", r"\.", "^", "$", "c"])


def group(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeated = st.builds(
        lambda part, mark: f"(?:{part}){mark}", inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"])
    )
    return repeated | st.builds("({}|{})".format, inner, inner) | st.builds("{}{}".format, inner, inner)


patterns = st.recursive(atoms, group, max_leaves=6)
texts = st.text(st.sampled_from("abc.1 \t"), max_size=8)


@given(patterns, texts)
def test_a_pattern_matches_what_re_matches(pattern: str, text: str) -> None:
    expected = re.search(pattern.replace("$", r"\Z"), text) is not None
    assert Regex(pattern).search(text, Budget(10**6)) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("^$", "", True),
        ("^$", "a", False),
        ("^eth[0-9]+$", "eth12", True),
        ("^eth[0-9]+$", "eth12x", False),
        ("Xeon|EPYC", "AMD EPYC 7B12", True),
        (r"192\.168\.\d{1,3}\.", "inet 192.168.17.2", True),
        ("[]x]", "]", True),
        ("[a-]", "-", True),
        ("é+", "caféé", True),
        (".", "\n", False),
        ("a{2,3}$", "baa", True),
        ("^a{2,3}$", "aaaa", False),
    ],
)
def test_common_patterns_match_as_expected(pattern: str, text: str, expected: bool) -> None:
    assert Regex(pattern).search(text, Budget(10**6)) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[",
        "[a",
        "*",
        "a**",
        "a{2",
        "a{3,2}",
        "a{999}",
        "(?=a)",
        "(?P<n>a)",
        r"\1",
        "\\",
        "[z-a]",
        "a{,}",
        "{",
    ],
)
def test_unsupported_syntax_is_rejected(pattern: str) -> None:
    with pytest.raises(QmfError):
        Regex(pattern)


@given(st.text(max_size=60))
def test_any_text_as_pattern_is_compiled_or_rejected(pattern: str) -> None:
    try:
        Regex(pattern).search("some text", Budget(10**6))
    except QmfError:
        return


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_patterns_that_make_re_backtrack_for_years_end_in_seconds(pattern: str) -> None:
    start = time.process_time()
    Regex(pattern).search("a" * 5_000 + "!", Budget(10**7))
    assert time.process_time() - start < 10


@pytest.mark.parametrize("pattern", ["((a{255}){255}){255}", "(" * 40 + ")" * 40, "x" * 600])
def test_a_pattern_with_too_many_states_is_rejected_in_seconds(pattern: str) -> None:
    start = time.process_time()
    with pytest.raises(TooLarge):
        Regex(pattern)
    assert time.process_time() - start < 2


def test_a_large_pattern_costs_more_of_the_budget_than_a_small_one() -> None:
    text = "".join(map(chr, range(200, 300)))
    Regex("x").search(text, Budget(1_000))
    with pytest.raises(TooLarge):
        Regex("(?:x?y?z?){250}!").search(text, Budget(50_000))


def test_the_budget_stops_an_expensive_search() -> None:
    with pytest.raises(TooLarge):
        Regex("(a|b|c|d)*z").search("abcd" * 10_000, Budget(1_000))
