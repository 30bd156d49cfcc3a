"""Comparison of facts between a machine and its recording."""

import dataclasses
from enum import Enum
from typing import Any

import hostinfo
from hostinfo.errors import HostInfoError
from hostinfo.groups import TABLE
from hostinfo.output.diff import VOLATILE

CHANGING = {path.rpartition(".")[2] for path in VOLATILE} - {"boot_id"}
"""Names of fields that change from one reading to the next on any machine."""
STABLE_GROUPS = [name for name, group in TABLE.items() if not group.is_volatile]


def plain(value: Any) -> Any:
    """A fact as plain data, without volatile fields."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if field.name not in CHANGING]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return dict(value) if isinstance(value, dict) else value


def shape(value: Any) -> Any:
    """The structure of plain data: types in place of values."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else type(value).__name__


def group_value(host: hostinfo.HostInfo, group: str) -> Any:
    """A group as plain data; the name of the error if it cannot be read."""
    try:
        return plain(host.read(group).value)
    except HostInfoError as error:
        return type(error).__name__
