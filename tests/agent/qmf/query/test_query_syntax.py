"""The text form of predicates and queries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.agent.qmf.query.query_syntax import parse_list, parse_map
from hostinfo.agent.qmf.wire.errors import QmfError, TooLarge
from hostinfo.agent.qmf.wire.types import Value


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
def test_lists_are_parsed(text: str, expected: list[Value]) -> None:
    assert parse_list(text) == expected


def test_text_that_is_nested_too_deeply_or_too_long_is_rejected() -> None:
    for text in ("[" * 5_000 + "]" * 5_000, "[" + "{a:" * 4_000 + "1" + "}" * 4_000 + "]"):
        with pytest.raises(TooLarge):
            parse_list(text)
    with pytest.raises(TooLarge):
        parse_list("[" + "a," * 10_000 + "]")


def test_queries_are_parsed() -> None:
    assert parse_map("{class:Host, package:'x', where:[eq,a,[quote,1]]}") == {
        "class": "Host",
        "package": "x",
        "where": ["eq", "a", ["quote", 1]],
    }


@pytest.mark.parametrize("text", ["", "a", "[", "[a", "[a]]", "['a]", "[a b]", "[,]", "{a:1}", "[a] b", "[" * 50])
def test_invalid_text_is_rejected_with_the_position(text: str) -> None:
    with pytest.raises(QmfError, match=r"character|nested"):
        parse_list(text)


@given(st.text(st.sampled_from("[]{}'\",:ab1. "), max_size=60))
def test_any_text_is_parsed_or_rejected(text: str) -> None:
    for parse in (parse_list, parse_map):
        try:
            parse(text)
        except QmfError:
            continue
