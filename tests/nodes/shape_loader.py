"""Shapes by name: files in shapes/, or generated from a seed."""

import tomllib
from pathlib import Path
from typing import Any

from .random_shape import random_shape
from .shape import Cpu, Dom0, Guest, Nic, NumaNode, Shape, Stack

SHAPES = Path(__file__).parent / "shapes"


def load_shape(name: str) -> Shape:
    """Return the shape of that name; "random:SEED" generates one."""
    if name.startswith("random:"):
        return random_shape(int(name.partition(":")[2]))
    with (SHAPES / f"{name}.toml").open("rb") as file:
        return _from_dict({"name": name, **tomllib.load(file)})


def shape_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in SHAPES.glob("*.toml")))


def _from_dict(data: dict[str, Any]) -> Shape:
    parts = {"cpu": Cpu, "dom0": Dom0, "guest": Guest, "stack": Stack}
    lists = {"nodes": NumaNode, "nics": Nic}
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key in parts:
            values[key] = parts[key](**_frozen(value))
        elif key in lists:
            values[key] = tuple(lists[key](**_frozen(item)) for item in value)
        else:
            values[key] = tuple(value) if isinstance(value, list) else value
    return Shape(**values)


def _frozen(data: dict[str, Any]) -> dict[str, Any]:
    def freeze(value: Any) -> Any:
        return tuple(freeze(item) for item in value) if isinstance(value, list) else value

    return {key: freeze(value) for key, value in data.items()}
