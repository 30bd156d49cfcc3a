"""Read YAML 1.2 and JSON, with limits: a file or message that somebody else wrote.

PyYAML reads YAML 1.1, where 52:54:00:12:34:56 is a number of base 60 and ``on`` is a boolean; here scalars are those of
the core schema of YAML 1.2, as nmstate reads them.
"""

from __future__ import annotations

import json
from typing import Any

from hostinfo.errors import ActionRefused

SIZE_LIMIT = 1024 * 1024
"""Maximum length of a document in characters; a thousand interfaces take about 300,000."""
NODES_LIMIT = 200_000
"""Maximum number of keys and values, where an alias counts as all that it stands for."""
DEPTH_LIMIT = 20
"""Maximum nesting; a network state has 7 levels."""


def read_document(text: str, source: str) -> Any:
    """Return a YAML or JSON document as dicts, lists, strings, numbers, booleans and None.

    ActionRefused: it is neither, has a key twice, or is beyond a limit. Without PyYAML only JSON is read.
    """
    if len(text) > SIZE_LIMIT:
        raise ActionRefused(source, f"longer than {SIZE_LIMIT} characters")
    try:
        document = _read_json(text, source) if text.lstrip()[:1] in ("{", "[") else _read_yaml(text, source)
    except RecursionError:
        raise ActionRefused(source, f"nested deeper than {DEPTH_LIMIT} levels") from None
    _check_size(document, source)
    return document


def _read_json(text: str, source: str) -> Any:
    def pairs(entries: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(entries)
        if len(found) < len(entries):
            names: set[str] = set()
            twice = next(name for name, _ in entries if name in names or names.add(name))  # type: ignore[func-returns-value]
            raise ActionRefused(source, f"key {twice!r} is given twice")
        return found

    try:
        return json.loads(text, object_pairs_hook=pairs)
    except ValueError as error:
        try:
            return _read_yaml(text, source)  # {name: eth0} is YAML's flow style
        except ActionRefused:
            raise ActionRefused(source, f"not JSON: {error}") from None


def _read_yaml(text: str, source: str) -> Any:
    try:
        from .yaml_loader import StrictLoader, YAMLError
    except ImportError as error:
        raise ActionRefused(source, f"reading YAML needs PyYAML ({error}); install python3-yaml, or use JSON") from None
    loader = None
    try:
        loader = StrictLoader(text)
        return loader.get_single_data()
    except (YAMLError, ValueError) as error:
        raise ActionRefused(source, f"not YAML: {' '.join(str(error).split())}") from None
    finally:
        if loader is not None:
            loader.dispose()


def _check_size(document: Any, source: str) -> None:
    left = [(document, 1)]
    nodes = 0
    while left:
        value, depth = left.pop()
        nodes += 1
        if nodes > NODES_LIMIT:
            raise ActionRefused(source, f"more than {NODES_LIMIT} keys and values")
        if depth > DEPTH_LIMIT:
            raise ActionRefused(source, f"nested deeper than {DEPTH_LIMIT} levels")
        if isinstance(value, dict):
            left += [(entry, depth + 1) for entry in value.values()]
            nodes += len(value)
        elif isinstance(value, list):
            left += [(entry, depth + 1) for entry in value]
