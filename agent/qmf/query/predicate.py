"""Predicates: `[op, a, b]` over the properties of an object or the attributes of an agent (qmf/Expression.cpp).

eq ne lt le gt ge, `[exists, a]`, `[true]`, `[false]`, `[re_match, a, pattern]`, and `[and|or|not, [..], ..]`, where
`not` is true when none of its parts is. An operand that is a string names a property, `["quote", x]` is x itself. A
property that is missing makes any comparison false, `ne` too.

Where the C++ and Java agents differ, or err, this one does what a reader expects: numbers compare as numbers (C++ says
that no int is less than a float), a number and a text compare by the number that the text holds, a bare number is
itself. Everything is bounded: depth, size, and the work of one query.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from ..wire.errors import Malformed, TooLarge, quote_short
from ..wire.types import Value
from .regex import Budget, Regex

DEPTH = 16
TERMS = 256
MAX_STEPS = 1_000_000  # steps in one query: a second or two at the worst

Lookup = Callable[[str], tuple[bool, object]]
"""How a predicate finds a property: name -> (is there, value)."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A property's name, or a literal."""

    name: str | None
    literal: Value = None

    def find(self, lookup: Lookup) -> tuple[bool, object]:
        """Give whether there is a value, and the value."""
        return (True, self.literal) if self.name is None else lookup(self.name)


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator on operands."""

    operator: str
    operands: tuple[Operand, ...]
    regex: Regex | None = None  # compiled at once where the pattern is a literal


@dataclass(frozen=True, slots=True)
class Logical:
    """and, or, not."""

    operator: str
    parts: "tuple[Comparison | Logical, ...]"


_OPERANDS = {"eq": 2, "ne": 2, "lt": 2, "le": 2, "gt": 2, "ge": 2, "re_match": 2, "exists": 1, "true": 0, "false": 0}
_LOGICAL = ("and", "or", "not")


class Predicate:
    """A parsed predicate; an empty list matches all."""

    def __init__(self, expression: list[Value]) -> None:
        """Parse; Malformed, NotSupported or TooLarge where it is none."""
        self._terms = TERMS
        self._root = self._parse(expression, 0) if expression else None

    def matches(self, values: Mapping[str, object], budget: Budget | None = None) -> bool:
        """Evaluate over a map; TooLarge when the budget is used up."""
        return self.matches_lookup(lambda name: (name in values, values.get(name)), budget)

    def matches_lookup(self, lookup: Lookup, budget: Budget | None = None) -> bool:
        """Evaluate over whatever finds properties by name."""
        return self._root is None or _evaluate(self._root, lookup, budget or Budget(MAX_STEPS))

    def _parse(self, expression: object, depth: int) -> Comparison | Logical:
        self._terms -= 1
        if depth > DEPTH or self._terms < 0:
            raise TooLarge("predicate: too deep or too long")
        if not isinstance(expression, list) or not expression or not isinstance(expression[0], str | bool):
            raise Malformed("predicate: expected a list that starts with an operator")
        rest = expression[1:]
        operator = expression[0] if isinstance(expression[0], str) else str(expression[0]).lower()
        if operator in _LOGICAL:
            return Logical(operator, tuple(self._parse(part, depth + 1) for part in rest))
        if operator not in _OPERANDS:
            raise Malformed(f"predicate: unknown operator {quote_short(operator)}")
        if len(rest) != _OPERANDS[operator]:
            raise Malformed(f"predicate: {operator} takes {_OPERANDS[operator]} operands, not {len(rest)}")
        operands = tuple(map(_operand, rest))
        regex = None
        if operator == "re_match" and operands[1].name is None:
            regex = Regex(_pattern(operands[1].literal))
        return Comparison(operator, operands, regex)


def _operand(value: object) -> Operand:
    if isinstance(value, str):
        return Operand(value)
    if isinstance(value, list):
        if len(value) != 2 or value[0] != "quote":
            raise Malformed("predicate: a list as operand must be [quote, value]")
        return Operand(None, value[1])
    if isinstance(value, bool | int | float | UUID):
        return Operand(None, value)
    raise Malformed("predicate: an operand is a property's name or [quote, value]")


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
    found = [operand.find(lookup) for operand in term.operands]
    if not all(there for there, _ in found):
        return False
    values = [value for _, value in found]
    match term.operator:
        case "exists" | "true":
            return True
        case "false":
            return False
        case "eq":
            return _equal(values[0], values[1], budget)
        case "ne":
            return not _equal(values[0], values[1], budget)
        case "re_match":
            regex = term.regex or Regex(_pattern(values[1]))
            return isinstance(values[0], str) and regex.search(values[0], budget)
    return _ordered(term.operator, values[0], values[1])


def _equal(left: object, right: object, budget: Budget) -> bool:
    if isinstance(left, dict | list | tuple) or isinstance(right, dict | list | tuple):
        budget.consume(len(left) if isinstance(left, dict | list | tuple) else 1)
        return left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return _text(left) == _text(right)
    pair = _numbers(left, right)
    if pair is not None:
        return pair[0] == pair[1]
    if isinstance(left, UUID) or isinstance(right, UUID):
        return str(left).lower() == str(right).lower()
    return left == right


def _ordered(operator: str, left: object, right: object) -> bool:
    pair: tuple[str, str] | tuple[int | float, int | float] | None
    pair = (left, right) if isinstance(left, str) and isinstance(right, str) else _numbers(left, right)
    if pair is None:
        return False
    sign = (pair[0] > pair[1]) - (pair[0] < pair[1])  # type: ignore[operator]  # both text or both numbers
    match operator:
        case "lt":
            return sign < 0
        case "le":
            return sign <= 0 and not _is_nan(*pair)
        case "gt":
            return sign > 0
    return sign >= 0 and not _is_nan(*pair)


def _is_nan(*values: object) -> bool:
    return any(value != value for value in values)  # noqa: PLR0124  the only values that differ from themselves


def _numbers(left: object, right: object) -> tuple[int | float, int | float] | None:
    """Give both as numbers, where at least one is a number and the other is one or holds one as text."""
    if not (_is_number(left) or _is_number(right)):
        return None
    first, second = _number(left), _number(right)
    return None if first is None or second is None else (first, second)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: object) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and len(value) <= 40:
        for kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
    return None


def _text(value: object) -> str | None:
    """Give the text of a boolean, however the peer spells it; None for what is no boolean."""
    return str(value).lower() if isinstance(value, bool | str) else None
