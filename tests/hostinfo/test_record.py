"""A record behaves as the dataclass of the same fields: the oracle is Python's own ``dataclasses``."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.record import field, is_record, record, record_fields, replace

NAMES = ["level", "type", "self", "cls", "values", "name", "changes"]
VALUES = st.one_of(st.none(), st.integers(0, 3), st.text("ab", max_size=2), st.tuples(st.integers(0, 2)), st.just([1]))
REQUIRED = object()
DEFAULTS = st.one_of(st.just(REQUIRED), st.sampled_from([list, dict]), st.none(), st.integers(0, 3), st.just("x"))
BODIES = st.dictionaries(st.sampled_from(NAMES), DEFAULTS, max_size=5)
KEYWORDS = st.dictionaries(st.sampled_from([*NAMES, "unknown"]), VALUES, max_size=6)
Sample: Any = None  # what pickle finds by name


def make_class(body: dict[str, Any], decorator: Any, make_field: Any) -> Any:
    """Return the class of these fields; a type as default is its ``default_factory``."""
    namespace: dict[str, Any] = {"__module__": __name__, "__qualname__": "Sample", "__doc__": "A sample."}
    namespace["__annotations__"] = dict.fromkeys(body, "object")
    for name, default in body.items():
        if default is not REQUIRED:
            namespace[name] = make_field(default_factory=default) if isinstance(default, type) else default
    return decorator(type("Sample", (), namespace))


def make_both(body: dict[str, Any]) -> tuple[Any, Any]:
    standard = dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    return make_class(body, record, field), make_class(body, standard, dataclasses.field)


def outcome(function: Any, *arguments: Any, **keywords: Any) -> str:
    """Return what a call results in, as text; the class of an error and its message."""
    try:
        return repr(function(*arguments, **keywords))
    except (TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"


def make_values(body: dict[str, Any], keywords: dict[str, Any]) -> dict[str, Any]:
    """Return keywords that both classes accept."""
    return {
        name: keywords.get(name, 1)
        for name, default in body.items()
        if name in keywords or default is REQUIRED
    }  # fmt: skip


@given(BODIES, KEYWORDS)
def test_a_record_takes_the_keywords_that_the_dataclass_takes(body: dict[str, Any], keywords: dict[str, Any]) -> None:
    ours, theirs = make_both(body)
    assert outcome(ours, **keywords) == outcome(theirs, **keywords)


@given(BODIES, KEYWORDS, KEYWORDS)
def test_records_compare_and_hash_as_dataclasses(
    body: dict[str, Any], keywords: dict[str, Any], others: dict[str, Any]
) -> None:
    ours, theirs = make_both(body)
    one, other = make_values(body, keywords), make_values(body, others)
    assert (ours(**one) == ours(**other)) is (theirs(**one) == theirs(**other))
    assert (ours(**one) != ours(**other)) is (theirs(**one) != theirs(**other))
    assert ours(**one) != theirs(**one)
    assert outcome(hash, ours(**one)) == outcome(hash, theirs(**one))


@given(BODIES, KEYWORDS, KEYWORDS)
def test_dataclasses_functions_work_on_records(
    body: dict[str, Any], keywords: dict[str, Any], changes: dict[str, Any]
) -> None:
    ours, theirs = make_both(body)
    values = make_values(body, keywords)
    mine, standard = ours(**values), theirs(**values)
    assert dataclasses.is_dataclass(type(mine))
    assert repr(dataclasses.fields(mine)) == repr(dataclasses.fields(standard))
    assert repr(ours.__dataclass_params__) == repr(theirs.__dataclass_params__)
    assert dataclasses.asdict(mine) == dataclasses.asdict(standard)
    assert dataclasses.astuple(mine) == dataclasses.astuple(standard)
    expected = outcome(dataclasses.replace, standard, **changes)
    assert outcome(dataclasses.replace, mine, **changes) == expected
    assert outcome(replace, mine, **changes) == expected
    if sys.version_info >= (3, 13):
        assert outcome(copy.replace, mine, **changes) == expected


@given(BODIES, KEYWORDS)
def test_records_are_copied_and_pickled_as_dataclasses(body: dict[str, Any], keywords: dict[str, Any]) -> None:
    ours, _ = make_both(body)
    globals()["Sample"] = ours
    mine = ours(**make_values(body, keywords))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(mine, protocol)) == mine
    assert copy.copy(mine) == mine
    assert copy.deepcopy(mine) == mine


@given(BODIES, KEYWORDS)
def test_records_are_frozen_as_dataclasses(body: dict[str, Any], keywords: dict[str, Any]) -> None:
    ours, theirs = make_both(body)
    values = make_values(body, keywords)
    mine, standard = ours(**values), theirs(**values)
    for name in body:
        assert outcome(setattr, mine, name, 5) == outcome(setattr, standard, name, 5)
        assert outcome(delattr, mine, name) == outcome(delattr, standard, name)
    with pytest.raises((AttributeError, TypeError)):  # which of them depends on Python's version
        mine.unknown = 1
    assert not hasattr(mine, "__dict__")


@given(BODIES)
def test_a_record_looks_as_the_dataclass(body: dict[str, Any]) -> None:
    ours, theirs = make_both(body)
    assert inspect.signature(ours) == inspect.signature(theirs)
    assert ours.__slots__ == theirs.__slots__
    assert ours.__match_args__ == theirs.__match_args__
    assert (ours.__name__, ours.__qualname__, ours.__module__) == ("Sample", "Sample", __name__)
    assert (ours.__doc__, ours.__annotations__) == ("A sample.", theirs.__annotations__)
    assert is_record(ours)
    assert not is_record(theirs)
    assert dict(record_fields(ours)) == dict.fromkeys(body, "object")


def test_defaults_that_are_made_are_not_shared() -> None:
    ours, _ = make_both({"values": list})
    assert ours().values is not ours().values


def test_methods_and_class_methods_are_kept() -> None:
    @record
    class Point:
        x: int
        y: int = 0

        @classmethod
        def origin(cls) -> Point:
            return cls(x=0)

        @property
        def total(self) -> int:
            return self.x + self.y

    assert Point.origin().total == 0
    match Point(x=1, y=2):
        case Point(x=1, y=y):
            assert y == 2
        case _:
            raise AssertionError


def make_refused(**namespace: Any) -> Any:
    return type("Sample", (), {"__annotations__": {"x": "int"}, **namespace})


@pytest.mark.parametrize(
    ("cls", "reason"),
    [
        (make_refused(__post_init__=print), "Sample: a record cannot define __post_init__"),
        (make_refused(__eq__=print, __hash__=None), "Sample: a record cannot define __eq__, __hash__"),
        (make_refused(__slots__=()), "Sample: a record cannot define __slots__"),
        (make_refused(__annotations__={"x": int}), "Sample.x: its module needs from __future__ import annotations"),
        (make_refused(__annotations__={"x": "ClassVar[int]"}), "Sample.x: a record cannot have a ClassVar[int]"),
        (make_refused(__annotations__={"x": "dataclasses.InitVar[int]"}), "a record cannot have a dataclasses.InitVar"),
    ],
)
def test_what_records_do_not_support_is_refused(cls: Any, reason: str) -> None:
    with pytest.raises(TypeError) as refusal:
        record(cls)
    assert reason in str(refusal.value)


def test_subclasses_are_refused() -> None:
    ours, _ = make_both({"x": 1})
    with pytest.raises(TypeError, match=r"^Special: a record cannot have subclasses$"):
        type("Special", (ours,), {})


def test_mutable_defaults_are_refused_as_by_dataclasses() -> None:
    body = {"values": []}  # type: ignore[var-annotated]
    standard = dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    messages = []
    for decorator in (record, standard):
        with pytest.raises(ValueError, match="mutable default") as refusal:
            make_class(body, decorator, None)
        messages.append(str(refusal.value))
    assert messages[0] == messages[1]
