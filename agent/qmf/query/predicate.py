"""Predicates: `[op, a, b]` over the properties of an object or the attributes of an agent (qmf/Expression.cpp).

- eq ne lt le gt ge; `[exists, a]`, `[true]`, `[false]`, `[re_match, a, pattern]`;
- `[and|or|not, [..], ..]`; `not` is true if none of its parts is.

An operand that is a string is the name of a property; `["quote", x]` is the literal x, and so is a bare number. If a
property is missing, every comparison with it is false, `ne` included. Depth and size are bounded, and so are the
evaluation steps of one query; see `comparison` for the comparison of unlike types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from ..wire.errors import Malformed, TooLarge, quote_short
from ..wire.types import Value
from .budget import Budget
from .comparison import are_equal, are_ordered
from .regex import Regex

MAX_DEPTH = 16
MAX_TERMS = 256

Lookup = Callable[[str], tuple[bool, object]]
"""How a predicate reads a property: name -> (whether it exists, value)."""


@dataclass(frozen=True, slots=True)
class Operand:
    """The name of a property, or a literal."""

    name: str | None
    literal: Value = None

    def resolve(self, lookup: Lookup) -> tuple[bool, object]:
        """Return (whether there is a value, the value)."""
        return (True, self.literal) if self.name is None else lookup(self.name)


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator with its operands."""

    operator: str
    operands: tuple[Operand, ...]
    regex: Regex | None = None  # compiled once if the pattern is a literal


@dataclass(frozen=True, slots=True)
class Logical:
    """`and`, `or` or `not` of other terms."""

    operator: str
    parts: tuple[Comparison | Logical, ...]


_OPERAND_COUNTS = {
    "eq": 2,
    "ne": 2,
    "lt": 2,
    "le": 2,
    "gt": 2,
    "ge": 2,
    "re_match": 2,
    "exists": 1,
    "true": 0,
    "false": 0,
}
_LOGICAL = ("and", "or", "not")


class Predicate:
    """A parsed predicate; an empty list matches everything."""

    def __init__(self, expression: list[Value]) -> None:
        """Parse an expression; Malformed, NotSupported or TooLarge if it is not acceptable."""
        self._terms_left = MAX_TERMS
        self._root = self._parse(expression, 0) if expression else None

    def matches(self, values: Mapping[str, object], budget: Budget | None = None) -> bool:
        """Evaluate over a map; TooLarge if the budget is exhausted."""
        return self.matches_lookup(lambda name: (name in values, values.get(name)), budget)

    def matches_lookup(self, lookup: Lookup, budget: Budget | None = None) -> bool:
        """Evaluate over any source of properties; TooLarge if the budget is exhausted."""
        return self._root is None or _evaluate(self._root, lookup, budget or Budget())

    def _parse(self, expression: object, depth: int) -> Comparison | Logical:
        self._terms_left -= 1
        if depth > MAX_DEPTH or self._terms_left < 0:
            raise TooLarge(f"predicate: over {MAX_TERMS} terms or nested deeper than {MAX_DEPTH}")
        if not isinstance(expression, list) or not expression or not isinstance(expression[0], str | bool):
            raise Malformed("predicate: expected a list that starts with an operator")
        rest = expression[1:]
        operator = expression[0] if isinstance(expression[0], str) else str(expression[0]).lower()
        if operator in _LOGICAL:
            return Logical(operator, tuple(self._parse(part, depth + 1) for part in rest))
        if operator not in _OPERAND_COUNTS:
            raise Malformed(f"predicate: unknown operator {quote_short(operator)}")
        if len(rest) != _OPERAND_COUNTS[operator]:
            raise Malformed(f"predicate: {operator} takes {_OPERAND_COUNTS[operator]} operands, not {len(rest)}")
        operands = tuple(map(_parse_operand, rest))
        regex = None
        if operator == "re_match" and operands[1].name is None:
            regex = Regex(_pattern(operands[1].literal))
        return Comparison(operator, operands, regex)


def _parse_operand(value: object) -> Operand:
    if isinstance(value, str):
        return Operand(value)
    if isinstance(value, list):
        if len(value) != 2 or value[0] != "quote":
            raise Malformed("predicate: a list as operand must be [quote, value]")
        return Operand(None, value[1])
    if isinstance(value, bool | int | float | UUID):
        return Operand(None, value)
    raise Malformed("predicate: an operand must be a property's name or [quote, value]")


def _pattern(value: object) -> str:
    if not isinstance(value, str):
        raise Malformed("re_match: the pattern is not a string")
    return value


def _evaluate(term: Comparison | Logical, lookup: Lookup, budget: Budget) -> bool:
    budget.consume(1)
    if isinstance(term, Logical):
        results = (_evaluate(part, lookup, budget) for part in term.parts)
        if term.operator == "and":
            return all(results)
        return any(results) is (term.operator == "or")
    operands = [operand.resolve(lookup) for operand in term.operands]
    if not all(exists for exists, _ in operands):
        return False
    values = [value for _, value in operands]
    match term.operator:
        case "exists" | "true":
            return True
        case "false":
            return False
        case "eq":
            return are_equal(values[0], values[1], budget)
        case "ne":
            return not are_equal(values[0], values[1], budget)
        case "re_match":
            regex = term.regex or Regex(_pattern(values[1]))
            return isinstance(values[0], str) and regex.search(values[0], budget)
    return are_ordered(term.operator, values[0], values[1])
