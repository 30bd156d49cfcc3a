"""The driver contract as a function: every driver's test calls it, third-party ones too.

>>> from hostinfo.testing import check_driver
>>> import hostinfo
>>> with hostinfo.open() as host:
...     for driver in host.drivers():
...         check_driver(driver)
"""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from hostinfo.driver import Driver
from hostinfo.errors import HostInfoError
from hostinfo.fact import GroupResult
from hostinfo.groups import GROUPS

_WORDS_FOR_NOTHING = frozenset({"", "unknown", "n/a", "not specified", "-1"})


def check_driver(driver: Driver) -> None:
    """Ask a driver for all that it offers and raise AssertionError where it breaks the contract.

    Held are: every group answers with a Fact of the model, or raises a HostInfoError; asked for one field it tells no
    less of it than asked for all; every field that is told has a source; absence is None or empty, never a word, a
    negative number or a blank; problems name fields that exist; asking twice works; a group that is left out may have a
    reason and then nothing else.
    """
    assert driver.name, "a driver has a name"
    for group in GROUPS:
        read = driver.readers.get(group)
        if read is None:
            continue
        assert group not in driver.unsupported_reasons, f"{driver.name}.{group}: offered, and yet a reason why not"
        try:
            fact = read(None)
        except HostInfoError:
            continue
        _check_fact(f"{driver.name}.{group}", fact)
        _check_only(f"{driver.name}.{group}", read, fact)
    assert set(driver.unsupported_reasons) <= set(GROUPS), f"{driver.name}: reasons for groups that do not exist"


def _check_fact(where: str, fact: "GroupResult[Any]") -> None:
    assert isinstance(fact, GroupResult), f"{where}: not a Fact"
    assert is_dataclass(fact.value), f"{where}: not a value of the model"
    for field in fields(fact.value):
        value = getattr(fact.value, field.name)
        if _is_absent(value) or value == field.default:
            continue
        has_source = field.name in fact.sources or any(path.startswith(field.name + ".") for path in fact.sources)
        assert has_source, f"{where}.{field.name}: told, and no source named"
    for path in [*fact.sources, *(problem.path for problem in fact.problems)]:
        _check_path(where, fact.value, path)
    for path, leaf in _leaves(fact.value, where):
        is_word = isinstance(leaf, str) and leaf.strip().lower() in _WORDS_FOR_NOTHING
        is_negative = isinstance(leaf, int) and leaf < 0
        is_value = not (is_word or is_negative)
        assert is_value, f"{path}: {leaf!r} is no value"


def _check_path(where: str, value: object, path: str) -> None:
    for step in path.split(".") if path else ():
        name = step.partition("[")[0]
        if isinstance(value, tuple):
            if not value:
                return
            value = value[0]
        if value is None or not is_dataclass(value):
            return  # nothing there to look the rest up in
        names = {field.name for field in fields(value)}
        assert name in names, f"{where}: {path}: there is no field {name}"
        value = getattr(value, name)


def _check_only(where: str, read: Callable[[Any], "GroupResult[Any]"], whole: "GroupResult[Any]") -> None:
    for field in fields(whole.value):
        told = getattr(whole.value, field.name)
        if _is_absent(told) or told == field.default:
            continue
        try:
            alone = read(frozenset({field.name}))
        except HostInfoError:
            continue  # it may have gone away meanwhile; the whole group answered a moment ago
        is_available = not _is_absent(getattr(alone.value, field.name))
        assert is_available, f"{where}: {field.name} is missing when it alone is asked for"


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
