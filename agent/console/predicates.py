"""Predicates as people write them: `hostname=node1`, `memory>1000000`, several and-ed."""

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


def parse_where(text: str) -> list[Value]:
    """Give the predicate that a text says; Malformed says where it is none.

    Either QMF's own form, `[eq, hostname, [quote, node1]]`, or terms `NAME OP VALUE` with the operators = != < <= > >=
    and ~ (a regular expression matches), NAME alone (it is there) or !NAME, joined by commas or `and`. Quotes keep a
    value together, and a number a text.
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
        found = _TERM.match(text, position)
        if found is None:
            raise Malformed(f"predicate: NAME OP VALUE expected at {text[position : position + 40].strip()!r}")
        terms.append(_term(found))
        position = found.end()
    if not terms or text.rstrip().endswith(","):
        raise Malformed("predicate: NAME OP VALUE expected at the end")
    expression = terms[0] if len(terms) == 1 and isinstance(terms[0], list) else ["and", *terms]
    Predicate(expression)
    return expression


def join(parts: list[list[Value]]) -> list[Value]:
    """Give the predicate that holds when all do."""
    parts = [part for part in parts if part]
    return parts[0] if len(parts) == 1 else ["and", *parts] if parts else []


def value_of(text: str) -> Value:
    """Give what a word means: a number, a truth value, else text; in quotes always text."""
    if text[:1] in ("'", '"'):
        return text[1:-1]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _NUMBER.match(text):
        return float(text) if set(text) & set(".eE") else int(text)
    return text


def _term(found: "re.Match[str]") -> Value:
    name, operator = found["name"], found["operator"]
    if operator is None:
        term: list[Value] = ["exists", name]
    else:
        literal = value_of(found["value"])
        if operator == "~":
            literal = found["value"].strip("'\"")
        term = [_OPERATORS[operator], name, ["quote", literal]]
    return ["not", term] if found["not"] else term
