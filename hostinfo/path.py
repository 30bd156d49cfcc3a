"""Paths to facts: ``cpu.model_name``, ``cpu.processors[0].core_id``, ``network.links[eth0].mac``.

A path is a group, then fields. After a list, brackets select one item by its key (a processor's number, a link's
name), or by position from 0 if its class has no key. Without brackets, the rest of the path applies to each item.
Brackets select from a mapping by key. A key that contains ``]`` must be in double quotes.
"""

from __future__ import annotations

from types import GenericAlias

from hostinfo import introspect
from hostinfo.groups import GROUPS
from hostinfo.record import is_record
from hostinfo.suggestions import did_you_mean, printable, some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAXIMUM_LENGTH = 4096


class PathError(ValueError):
    """Not the path of any fact; the message suggests similar ones."""


class NoSuchItem(LookupError):
    """The path is valid, but this machine has no such item; the message lists the items that it has."""


class Path:
    """A valid path: its group, the top-level field (None: the group itself), and all steps below the group."""

    __slots__ = ("annotation", "field", "group", "steps", "text")

    def __init__(self, text: str) -> None:
        """Parse the text; raise PathError if the model has no such path."""
        self.text = text
        steps = _split(text)
        self.group, self.steps = steps[0], steps[1:]
        if self.group not in GROUPS:
            raise PathError(f"{printable(self.group)}: no such group{did_you_mean(self.group, GROUPS)}")
        self.field = self.steps[0] if self.steps else None
        self.annotation: Any = introspect.group_class(self.group)
        where = self.group
        for step in self.steps:
            self.annotation = _check(self.annotation, step, where)
            where += f"[{step[0]}]" if isinstance(step, tuple) else f".{step}"

    def source(self, sources: Mapping[str, str]) -> str:
        """Return where the value was read: the source of the field, of its parent or of its parts; "": unknown."""
        names = [step for step in self.steps if isinstance(step, str)]
        for length in range(len(names), 0, -1):
            source = sources.get(".".join(names[:length]))
            if source is not None:
                return source
        below = ".".join(names) + "." if names else ""
        return "; ".join(dict.fromkeys(source for place, source in sources.items() if place.startswith(below)))

    def resolve(self, value: object) -> object:
        """Return the value at this path; raise NoSuchItem if the machine has no such item."""
        return _walk(value, self.steps, self.group)


def _split(text: str) -> list[Any]:
    """Return names as str, selectors as a tuple of one str."""
    if len(text) > MAXIMUM_LENGTH:
        raise PathError(f"longer than {MAXIMUM_LENGTH} characters")
    steps: list[Any] = []
    at = 0
    while at < len(text) or not steps:
        if text[at : at + 1] == "[" and steps:
            quoted = text[at + 1 : at + 2] == '"'
            end = text.find('"]' if quoted else "]", at + 1 + quoted)
            if end < 0:
                raise PathError(f"{printable(text)}: missing ]")
            steps.append((text[at + 1 + quoted : end],))
            at = end + 1 + quoted
        else:
            if steps and text[at] != ".":
                raise PathError(f"{printable(text)}: expected . or [ after character {at}")
            start = at + bool(steps)
            ends = [found for mark in ".[" if (found := text.find(mark, start)) >= 0]
            at = min(ends, default=len(text))
            if at == start:
                raise PathError(f"{printable(text)}: a name is missing at character {start + 1}")
            steps.append(text[start:at])
    return steps


def _check(annotation: Any, step: str | tuple[str], where: str) -> Any:
    """Return the type after one step."""
    within = introspect.item(annotation)
    mapped = introspect.values(annotation)
    if isinstance(step, tuple):
        if within is None and mapped is None:
            raise PathError(f"{where}: not a list; [{printable(step[0])}] cannot select an item")
        return mapped if within is None else within
    if mapped is not None and within is None:
        return mapped
    inner, depth = annotation, 0
    while (of := introspect.item(inner)) is not None:
        inner, depth = of, depth + 1
    model = introspect.model(inner)
    if model is None:
        what = "a list of single values" if depth else "a single value"
        raise PathError(f"{where}: {what}, which has no field {printable(step)}")
    known = introspect.fields(model)
    if step not in known:
        raise PathError(f"{where} has no field {printable(step)}{did_you_mean(step, known)}")
    return _nested(known[step], depth)


def _nested(annotation: Any, depth: int) -> Any:
    for _ in range(depth):
        annotation = GenericAlias(tuple, (annotation, ...))
    return annotation


def _walk(value: object, steps: list[Any], where: str) -> object:
    for at, step in enumerate(steps):
        if value is None:
            return None
        if isinstance(step, tuple):
            value = _select(value, step[0], where)
        elif isinstance(value, tuple):
            return tuple(_walk(entry, steps[at:], where) for entry in value)
        elif is_record(type(value)):
            value = getattr(value, step)
        else:
            value = _select(value, step, where)
        where += f"[{step[0]}]" if isinstance(step, tuple) else f".{step}"
    return value


def _select(value: Any, key: str, where: str) -> object:
    if not isinstance(value, tuple):
        if key in value:
            return value[key]
        raise NoSuchItem(f"{where} has no entry {printable(key)}{did_you_mean(key, list(value))}")
    names = introspect.ITEM_KEYS.get(type(value[0]).__name__, ()) if value else ()
    if len(names) == 1:
        keys = [str(getattr(entry, names[0])) for entry in value]
        if key in keys:
            return value[keys.index(key)]
        if names == ("number",):  # numbers may have gaps: a position could be mistaken for one
            raise NoSuchItem(f"{where} has no number {printable(key)}; it has {some(keys)}")
    else:
        keys = []
    if key.isascii() and key.isdecimal() and len(key) < 10 and int(key) < len(value):
        return value[int(key)]
    has = f"it has {some(keys)}" if keys else f"it has {len(value)}"
    raise NoSuchItem(f"{where} has no item {printable(key)}; {has}")
