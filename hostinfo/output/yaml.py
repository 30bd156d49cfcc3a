"""Plain values as YAML 1.2 (and 1.1): block style, every string that could be read as something else in quotes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_START = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/")
_PLAIN = _START | frozenset("0123456789_-./()@+ ")
_MAX_SIMPLE_KEY = 1000
"""YAML allows 1,024 characters (section 7.4.2); a longer key is marked by ``?``."""
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def to_yaml(value: Any) -> str:
    """A value made of dicts, lists, strings, numbers, booleans and None, as one YAML document."""
    return "".join(line + "\n" for line in _block(value))


def _block(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            name = _string(key)
            if len(name) > _MAX_SIMPLE_KEY:
                yield f"? {name}"
                name = ""
            yield from _entry(f"{name}:", entry, "  ")
    elif isinstance(value, list) and value:
        for entry in value:
            yield from _entry("-", entry, "  ")
    else:
        yield _scalar(value)


def _entry(start: str, value: Any, indent: str) -> Iterator[str]:
    if not (isinstance(value, dict | list) and value):
        yield f"{start} {_scalar(value)}"
    elif isinstance(value, list) and not any(isinstance(entry, dict | list) for entry in value):
        yield f"{start} [{', '.join(_scalar(entry) for entry in value)}]"
    elif start == "-":
        for number, line in enumerate(_block(value)):
            yield (indent if number else "- ") + line
    else:
        yield start
        for line in _block(value):
            yield indent + line


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        text = repr(value)  # YAML 1.1 takes 1e+16 for a string
        return text.replace("e", ".0e", 1) if "e" in text and "." not in text else text
    return {"{}": "{}", "[]": "[]"}.get(repr(value), str(value))


def _string(text: str) -> str:
    if text and text[0] in _START and text[-1] != " " and text.lower() not in _WORDS and _PLAIN.issuperset(text):
        return text
    return '"' + "".join(c if " " <= c <= "~" and c not in '"\\' else _escaped(c) for c in text) + '"'


def _escaped(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"
