"""TOML and JSON that somebody else may have written, with bounds on what the parsers would spend without limit."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LINE_LIMIT = 64 * 1024
"""Bytes of a line of TOML: a longer number or array is no configuration."""
KEY_PARTS_LIMIT = 32
"""Parts of a dotted key of TOML, for which tomllib needs memory by the square."""
ITEMS_LIMIT = 2_000_000
"""Lists and maps of a JSON document: each costs 60 bytes and more."""
DEPTH_LIMIT = 64
DIGITS_LIMIT = 24
"""Digits of an integer of JSON: more than 64 bits need, and a float takes."""
_QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')


def parse_toml(data: bytes) -> dict[str, Any]:
    """Return the document; ValueError if it is invalid, too deep, or has a key or line beyond the limits."""
    import tomllib

    text = data.decode()
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LINE_LIMIT:
            raise ValueError(f"line {number} is longer than {LINE_LIMIT} characters")
        if line.count(".") > KEY_PARTS_LIMIT and _QUOTED.sub("", line).partition("#")[0].count(".") > KEY_PARTS_LIMIT:
            raise ValueError(f"line {number} has a key of more than {KEY_PARTS_LIMIT} parts")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def parse_json(data: bytes | str) -> Any:
    """Return the value; ValueError if it is invalid, too deep, or has a number or a count beyond the limits."""
    import json

    opening = data.count("[") + data.count("{") if isinstance(data, str) else data.count(b"[") + data.count(b"{")
    if opening > ITEMS_LIMIT:
        raise ValueError(f"more than {ITEMS_LIMIT} lists and maps")
    try:
        value = json.loads(data, parse_int=_parse_int)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    _check_depth(value)
    return value


def _parse_int(text: str) -> int:
    if len(text) > DIGITS_LIMIT:
        raise ValueError(f"a number of more than {DIGITS_LIMIT} digits")
    return int(text)


def _check_depth(value: object) -> None:
    level: list[Any] = [value]
    for _ in range(DEPTH_LIMIT + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return
        level = [inner for outer in containers for inner in (outer.values() if isinstance(outer, dict) else outer)]
    raise ValueError(f"nested deeper than {DEPTH_LIMIT}")
