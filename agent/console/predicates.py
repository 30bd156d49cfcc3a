"""Predicates in a short notation: `hostname=node1`, `memory>1000000`, several joined by commas or `and`."""

from __future__ import annotations

import re

from ..qmf import Malformed, Predicate, Value, parse_list
from ..qmf.query.query_syntax import MAX_TEXT_CHARACTERS

_OPERATORS = {
    "=": "eq",
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    "~": "re_match",
}
_TERM = re.compile(
    r"""\s*(?P<not>!\s*)?(?P<name>[^\s=!<>~,'"]+)\s*
    (?:(?P<operator>==|!=|<=|>=|=|<|>|~)\s*(?P<value>"[^"]*"|'[^']*'|[^\s,'"=<>~!][^\s,'"]*))?\s*
    (?P<end>,|&&?|and\b|$)""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[+-]?(\d{1,30}|\d{0,30}\.\d{1,30})([eE][+-]?\d{1,3})?$", re.ASCII)


def parse_predicate(text: str) -> list[Value]:
    """Return the predicate; raise Malformed that says where the text is wrong.

    The text is QMF's notation, `[eq, hostname, [quote, node1]]`, or terms `NAME OP VALUE` with the operators = != < <=
    > >= and ~ (matches a regular expression), NAME alone (exists) or !NAME, joined by commas or `and`. Quotes keep a
    value with spaces together, and make a number a string.
    """
    if len(text) > MAX_TEXT_CHARACTERS:
        raise Malformed(f"predicate: over {MAX_TEXT_CHARACTERS} characters")
    if text.lstrip().startswith("["):
        expression = parse_list(text)
        Predicate(expression)
        return expression
    terms: list[Value] = []
    position = 0
    while position < len(text.rstrip()):
        match = _TERM.match(text, position)
        if match is None:
            raise Malformed(f"predicate: NAME OP VALUE expected at {text[position : position + 40].strip()!r}")
        terms.append(_term(match))
        position = match.end()
    if not terms or text.rstrip().endswith(","):
        raise Malformed("predicate: NAME OP VALUE expected at the end")
    expression = terms[0] if len(terms) == 1 and isinstance(terms[0], list) else ["and", *terms]
    Predicate(expression)
    return expression


def join(parts: list[list[Value]]) -> list[Value]:
    """Return the predicate that is true if all of these are."""
    parts = [part for part in parts if part]
    return parts[0] if len(parts) == 1 else ["and", *parts] if parts else []


def parse_value(text: str) -> Value:
    """Return a number, a truth value, or else a string; a quoted text is always a string."""
    if text[:1] in ("'", '"'):
        return text[1:-1]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _NUMBER.match(text):
        return float(text) if set(text) & set(".eE") else int(text)
    return text


def _term(match: re.Match[str]) -> Value:
    name, operator = match["name"], match["operator"]
    if operator is None:
        term: list[Value] = ["exists", name]
    else:
        literal = parse_value(match["value"])
        if operator == "~":
            literal = match["value"].strip("'\"")
        term = [_OPERATORS[operator], name, ["quote", literal]]
    return ["not", term] if match["not"] else term
