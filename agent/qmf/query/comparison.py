"""Comparisons of values in predicates.

Where the C++ and Java agents differ, or are wrong, the result here is the one that a reader expects: numbers of
different types compare as numbers (in C++ no int is less than a float), and a number compares with a text by the
number in the text.
"""

from uuid import UUID

from .budget import Budget

MAX_NUMBER_CHARACTERS = 40


def are_equal(left: object, right: object, budget: Budget) -> bool:
    """Return whether two values are equal; a boolean or UUID also equals its text."""
    if isinstance(left, dict | list | tuple) or isinstance(right, dict | list | tuple):
        budget.consume(len(left) if isinstance(left, dict | list | tuple) else 1)
        return left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return _boolean_text(left) == _boolean_text(right)
    numbers = _as_numbers(left, right)
    if numbers is not None:
        return numbers[0] == numbers[1]
    if isinstance(left, UUID) or isinstance(right, UUID):
        return str(left).lower() == str(right).lower()
    return left == right


def are_ordered(operator: str, left: object, right: object) -> bool:
    """Return the result of `lt`, `le`, `gt` or `ge`; False if the values have no order."""
    pair: tuple[str, str] | tuple[int | float, int | float] | None
    pair = (left, right) if isinstance(left, str) and isinstance(right, str) else _as_numbers(left, right)
    if pair is None:
        return False
    sign = (pair[0] > pair[1]) - (pair[0] < pair[1])  # type: ignore[operator]  # both text or both numbers
    match operator:
        case "lt":
            return sign < 0
        case "le":
            return sign <= 0 and not _has_nan(*pair)
        case "gt":
            return sign > 0
    return sign >= 0 and not _has_nan(*pair)


def _has_nan(*values: object) -> bool:
    return any(value != value for value in values)  # noqa: PLR0124  only NaN differs from itself


def _as_numbers(left: object, right: object) -> tuple[int | float, int | float] | None:
    """Return both as numbers, if at least one is a number and the other is one or the text of one."""
    if not (_is_number(left) or _is_number(right)):
        return None
    first, second = _as_number(left), _as_number(right)
    return None if first is None or second is None else (first, second)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_number(value: object) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and len(value) <= MAX_NUMBER_CHARACTERS:
        for number_type in (int, float):
            try:
                return number_type(value)
            except ValueError:
                continue
    return None


def _boolean_text(value: object) -> str | None:
    """Return the lower-case text of a boolean, which the peer may send as text; None if it can't be one."""
    return str(value).lower() if isinstance(value, bool | str) else None
