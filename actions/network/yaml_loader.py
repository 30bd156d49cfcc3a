"""PyYAML's loader with the scalars of YAML 1.2's core schema, and without duplicate keys."""

from __future__ import annotations

import re
from typing import Any

from yaml import MappingNode, ScalarNode, YAMLError
from yaml.constructor import ConstructorError

try:
    from yaml import CSafeLoader as SafeLoader  # with libyaml: a tenth of the time
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

__all__ = ["StrictLoader", "YAMLError"]


class StrictLoader(SafeLoader):
    """Reads one document; a key that is no string, or is given twice, is an error."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - declared so by PyYAML

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the dict of a mapping."""
        if not isinstance(node, MappingNode):
            raise ConstructorError(None, None, "a mapping was expected", node.start_mark)
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=deep)
            if not isinstance(key, str):
                raise ConstructorError(None, None, f"the key {key!r} is no string", key_node.start_mark)
            if key in found:
                raise ConstructorError(None, None, f"the key {key!r} is given twice", key_node.start_mark)
            found[key] = self.construct_object(value_node, deep=True)
        return found


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    StrictLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), [c if c != "\0" else "" for c in _first]
    )


def _construct_int(loader: StrictLoader, node: ScalarNode) -> int:
    """Return a decimal number; PyYAML's own reads 010 as octal."""
    return int(str(loader.construct_scalar(node)))


StrictLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)
