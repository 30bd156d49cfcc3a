"""Interface files and values, read as https://varlink.org/Interface-Definition defines them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.varlink.errors import InvalidParameter
from hostinfo.varlink.interface import Interface
from hostinfo.varlink.interface_text import SIZE_LIMIT, format_interface, parse_interface
from hostinfo.varlink.parameters import check_parameters
from tests.support.varlink_example import DESCRIPTION, INTERFACE

FIELDS = st.from_regex(r"[A-Za-z](_?[A-Za-z0-9]){0,8}", fullmatch=True)
BASIC = st.sampled_from(["bool", "int", "float", "string", "object", "Point", "(one, two)", "()"])
TYPES = st.recursive(
    BASIC,
    lambda inner: st.one_of(
        inner.filter(lambda text: text[0] != "?").map("?{}".format),
        inner.map("[]{}".format),
        inner.map("[string]{}".format),
        st.dictionaries(FIELDS, inner, min_size=1, max_size=3).map(
            lambda members: "(" + ",".join(f"{name}:{kind}" for name, kind in members.items()) + ")"
        ),
    ),
    max_leaves=6,
)


def test_an_interface_is_printed_as_it_is_written() -> None:
    assert format_interface(INTERFACE) == DESCRIPTION
    echo = INTERFACE.method("Echo")
    assert echo is not None
    assert (echo.comment, echo.input.members[0].comment) == (("Returns its parameters.",), ("Any text.",))


@given(TYPES)
def test_what_is_printed_is_read_as_the_same(kind: str) -> None:
    text = f"interface a.b\ntype Point (x: int)\n# of it\nmethod M(value: {kind}) -> ()\n"
    found = parse_interface(text)
    assert parse_interface(format_interface(found)) == found


@given(st.text(alphabet="interfacmthod.AB()[]?:,-># \n", max_size=80))
def test_any_other_text_is_refused_with_its_line(text: str) -> None:
    try:
        found: Interface | str = parse_interface(text)
    except ValueError as error:
        found = str(error)
    assert isinstance(found, Interface) or "line" in found or "defined" in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected interface, not the end"),
        ("interface nodot", "line 1: expected a name such as"),
        ("interface a.b\ntype point (x: int)", "line 2: expected a name that begins with a capital letter, not point"),
        ("interface a.b\ntype A (x: Missing)", "not defined: Missing"),
        ("interface a.b\ntype A (x: int)\ntype A (y: int)", "defined twice: A"),
        ("interface a.b\ntype A (x: int, x: int)", "a name is given twice"),
        ("interface a.b\ntype A (x, y: int)", "line 2: expected ,, not :"),
        ("interface a.b\ntype A (x: ??int)", "line 2: expected a type, not ?"),
        ("interface a.b\nmethod A() -> (x)", "line 2: parameters need types"),
        ("interface a.b\ntype A (x: " + "[]" * 100 + "int)", "nested deeper than 16"),
        ("interface a.b\nmethod A(", "expected a name of a field, not the end"),
        ("interface a.b\0", "unexpected character '\\x00'"),
        ("#" * (SIZE_LIMIT + 1), "longer than"),
    ],
)
def test_a_wrong_interface_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace("?", r"\?").replace("\\x", r"\\x")):
        parse_interface(text)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"text": "a"}, None),
        ({"text": "a", "points": None, "color": "red", "number": 1, "state": {"any": [1, None]}}, None),
        ({"text": "a", "points": [{"x": 1}, {"x": -1, "y": 2}], "named": {"": {"x": 0}}}, None),
        ({}, "text"),
        ({"text": None}, "text"),
        ({"text": 1}, "text"),
        ({"text": "a", "other": 1}, "other"),
        ({"text": "a", "points": {}}, "points"),
        ({"text": "a", "points": [{"x": 1}, {"x": True}]}, "points[1].x"),
        ({"text": "a", "points": [{"x": 1.0}]}, "points[0].x"),
        ({"text": "a", "points": [{"x": 2**63}]}, "points[0].x"),
        ({"text": "a", "named": {"p": {"x": "1"}}}, "named.p.x"),
        ({"text": "a", "color": "blue"}, "color"),
        ({"text": "a", "color": ["red"]}, "color"),
        ({"text": "a", "number": float("inf")}, "number"),
        ({"text": "a", "number": float("nan")}, "number"),
        ({"text": "a", "number": True}, "number"),
        ({"text": "a", "state": []}, "state"),
        ([], "parameters"),
    ],
)
def test_parameters_have_the_declared_types(values: Any, wrong: str | None) -> None:
    echo = INTERFACE.method("Echo")
    assert echo is not None
    if wrong is None:
        check_parameters(INTERFACE, echo.input, values)
        return
    with pytest.raises(InvalidParameter) as caught:
        check_parameters(INTERFACE, echo.input, values)
    assert caught.value.parameters == {"parameter": wrong}
