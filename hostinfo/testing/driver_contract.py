"""The contract of a driver, as a function that raises AssertionError where the driver breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from hostinfo.driver import Driver
from hostinfo.errors import HostInfoError
from hostinfo.fact import GroupResult
from hostinfo.groups import GROUPS

_PLACEHOLDERS = frozenset({"", "unknown", "n/a", "not specified", "-1"})


def check_driver(driver: Driver) -> None:
    """Read everything that a driver offers and check its contract.

    - Every group is a GroupResult with a value of the model, or raises a HostInfoError; it can be read repeatedly.
    - A field that is requested alone has a value if it has one in the whole group.
    - Every field with a value has a source.
    - Absence is None or empty, never a placeholder, a negative number or a blank.
    - Problems and sources name fields that exist.
    - A group may have a reader or a reason why it is unsupported, not both.
    """
    assert driver.name, "a driver has a name"
    for group in GROUPS:
        read = driver.readers.get(group)
        if read is None:
            continue
        where = f"{driver.name}.{group}"
        assert group not in driver.unsupported_reasons, f"{where}: has a reader and a reason why it is unsupported"
        try:
            result = read(None)
        except HostInfoError:
            continue
        _check_result(where, result)
        _check_single_fields(where, read, result)
    assert set(driver.unsupported_reasons) <= set(GROUPS), f"{driver.name}: reasons for groups that do not exist"


def _check_result(where: str, result: GroupResult[Any]) -> None:
    assert isinstance(result, GroupResult), f"{where}: not a GroupResult"
    assert is_dataclass(result.value), f"{where}: not a value of the model"
    for field in fields(result.value):
        value = getattr(result.value, field.name)
        if _is_absent(value) or value == field.default:
            continue
        has_source = field.name in result.sources or any(path.startswith(field.name + ".") for path in result.sources)
        assert has_source, f"{where}.{field.name}: has a value and no source"
    for path in [*result.sources, *(problem.path for problem in result.problems)]:
        _check_path(where, result.value, path)
    for path, leaf in _leaves(result.value, where):
        is_placeholder = isinstance(leaf, str) and leaf.strip().lower() in _PLACEHOLDERS
        is_negative = isinstance(leaf, int) and leaf < 0
        is_value = not (is_placeholder or is_negative)
        assert is_value, f"{path}: {leaf!r} stands for an absent value; use None"


def _check_path(where: str, value: object, path: str) -> None:
    for step in path.split(".") if path else ():
        name = step.partition("[")[0]
        if isinstance(value, tuple):
            if not value:
                return
            value = value[0]
        if value is None or not is_dataclass(value):
            return  # the rest of the path cannot be checked without a value
        names = {field.name for field in fields(value)}
        assert name in names, f"{where}: {path}: there is no field {name}"
        value = getattr(value, name)


def _check_single_fields(where: str, read: Callable[[Any], GroupResult[Any]], whole: GroupResult[Any]) -> None:
    for field in fields(whole.value):
        value = getattr(whole.value, field.name)
        if _is_absent(value) or value == field.default:
            continue
        try:
            alone = read(frozenset({field.name}))
        except HostInfoError:
            continue  # the source may have vanished since the whole group was read
        is_present = not _is_absent(getattr(alone.value, field.name))
        assert is_present, f"{where}: {field.name} is missing when it is requested alone"


def _is_absent(value: object) -> bool:
    return value is None or value in ((), {})


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if is_dataclass(value):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, tuple):
        for position, item in enumerate(value):
            yield from _leaves(item, f"{path}[{position}]")
    elif value is not None and not isinstance(value, dict):
        yield path, value
