"""Checking the parameters of a call, a reply or an error against its interface."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .errors import InvalidParameter
from .interface import Array, Basic, Enumeration, Interface, Map, Named, Optional, Struct, Type

INT_LIMIT = 2**63


def check_parameters(interface: Interface, struct: Struct, values: Any, path: str = "") -> None:
    """Return if the values have these fields and types. InvalidParameter: the path of the first that has not."""
    if not isinstance(values, Mapping):
        raise InvalidParameter(path or "parameters")
    known = {member.name: member.type for member in struct.members}
    prefix = f"{path}." if path else ""
    for name in values:
        if name not in known:
            raise InvalidParameter(f"{prefix}{name}"[:200])
    for name, kind in known.items():
        _check(interface, kind, values.get(name), f"{prefix}{name}")


def _check(interface: Interface, kind: Type, value: Any, path: str) -> None:
    is_right = True
    match kind:
        case Optional():
            if value is not None:
                _check(interface, kind.of, value, path)
        case Named():
            found = interface.type(kind.name)
            if found is None:
                raise InvalidParameter(path)
            _check(interface, found, value, path)
        case Basic():
            is_right = _is_basic(kind.name, value)
        case Enumeration():
            is_right = isinstance(value, str) and value in kind.values
        case Struct():
            check_parameters(interface, kind, value, path)
        case Array():
            is_right = isinstance(value, list | tuple)
            for number, entry in enumerate(value if is_right else ()):
                _check(interface, kind.of, entry, f"{path}[{number}]")
        case Map():
            is_right = isinstance(value, Mapping)
            for name, entry in value.items() if is_right else ():
                _check(interface, kind.of, entry, f"{path}.{name}"[:200])
    if not is_right:
        raise InvalidParameter(path)


def _is_basic(name: str, value: Any) -> bool:
    match name:
        case "bool":
            return isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool) and -INT_LIMIT <= value < INT_LIMIT
        case "float":
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return is_number and math.isfinite(value)
        case "string":
            return isinstance(value, str)
        case "object":
            return isinstance(value, Mapping)
    return value is not None  # any
