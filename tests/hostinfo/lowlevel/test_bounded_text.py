"""TOML and JSON from others: what is refused, and what only looks like it."""

import json

import pytest

from hostinfo.lowlevel.bounded_text import DEPTH_LIMIT, parse_json, parse_toml


def test_long_digits_in_a_text_are_no_number() -> None:
    document = {"serial": "1" * 40, "size": 2**64 - 1, "share": 0.25}
    assert parse_json(json.dumps(document)) == document


@pytest.mark.parametrize("text", ["9" * 25, "-" + "9" * 25, '{"a": [' + "1" * 5000 + "]}"])
def test_a_number_of_too_many_digits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="more than 24 digits"):
        parse_json(text)


def test_the_depth_is_limited_and_not_the_width() -> None:
    assert parse_json("[" * DEPTH_LIMIT + "]" * DEPTH_LIMIT)
    assert len(parse_json(json.dumps([[]] * 10_000))) == 10_000
    with pytest.raises(ValueError, match="nested"):
        parse_json("[" * (DEPTH_LIMIT + 1) + "]" * (DEPTH_LIMIT + 1))


def test_dots_in_quotes_and_comments_are_no_parts_of_a_key() -> None:
    quoted = "a." * 100
    assert parse_toml(f'"{quoted}" = 1\n# {quoted}\nx = "{quoted}" # {quoted}\n'.encode()) == {quoted: 1, "x": quoted}


@pytest.mark.parametrize("line", ["a" + ".a" * 33 + " = 1", "[" + "a." * 33 + "a]", "t = { a" + ".a" * 33 + " = 1 }"])
def test_a_key_of_too_many_parts_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 has a key of more than 32 parts"):
        parse_toml(f"x = 1\n{line}\n".encode())
