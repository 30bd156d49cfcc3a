"""The JSON Schema (draft 2020-12) of the dump, from the model's dataclasses and their documentation."""

from enum import Enum
from types import NoneType

from hostinfo import introspect
from hostinfo.field_docs import docs_of
from hostinfo.groups import GROUPS
from hostinfo.output.document import FORMAT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PLAIN = {bool: "boolean", int: "integer", float: "number", str: "string"}


def schema() -> "dict[str, Any]":
    """The schema of what ``hostinfo dump --json`` prints.

    A field that is added later keeps documents valid, so unknown properties are allowed; every known one is required.
    """
    definitions: dict[str, Any] = {}
    groups = {group: _group(group, definitions) for group in GROUPS}
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:hostinfo:dump:{FORMAT}",
        "title": "hostinfo dump",
        "description": "What a Linux machine is, and what this system was given of it.",
        "type": "object",
        "properties": {
            "hostinfo": _HEADER,
            **groups,
            "sources": {
                "description": "Where each field was read, by group; a field that is not listed: where its parent was.",
                "type": "object",
                "properties": dict.fromkeys(GROUPS, texts),
                "additionalProperties": False,
            },
            "errors": {
                "description": "What could not be told, by group or path, and why.",
                "type": "object",
                "additionalProperties": _ERROR,
            },
        },
        "required": ["hostinfo", *GROUPS, "sources", "errors"],
        "$defs": dict(sorted(definitions.items())),
    }


_ERROR = {
    "type": "object",
    "properties": {
        "kind": {
            "description": "Class of the error: Unsupported (nobody here can tell), or a failure.",
            "type": "string",
        },
        "message": {"description": "The source first, then what is the matter with it.", "type": "string"},
    },
    "required": ["kind", "message"],
    "additionalProperties": False,
}
_HEADER = {
    "description": "Who tells.",
    "type": "object",
    "properties": {
        "version": {"description": "Version of hostinfo.", "type": "string"},
        "format": {"description": "Version of this document.", "const": FORMAT},
        "uri": {"description": "The host as it was opened; null: this machine, probed.", "type": ["string", "null"]},
        "drivers": {"description": "Drivers that were opened.", "type": "array", "items": {"type": "string"}},
        "time": {"description": "When it was read, ISO 8601 in UTC.", "type": "string", "format": "date-time"},
    },
    "required": ["version", "format", "uri", "drivers", "time"],
}


def _group(group: str, definitions: "dict[str, Any]") -> "dict[str, Any]":
    cls = introspect.group_class(group)
    return {
        "description": docs_of(cls)[""] + " null: it could not be told, see errors.",
        "anyOf": [_type(cls, definitions), {"type": "null"}],
    }


def _model(cls: type, definitions: "dict[str, Any]") -> "dict[str, Any]":
    name = cls.__name__
    if name not in definitions:
        docs = docs_of(cls)
        definitions[name] = {}  # known before its fields are: a model may hold itself
        fields = introspect.fields(cls)
        definitions[name] = {
            "description": docs[""],
            "type": "object",
            "properties": {
                field: {"description": docs[field]} | _type(kind, definitions) for field, kind in fields.items()
            },
            "required": list(fields),
        }
    return {"$ref": f"#/$defs/{name}"}


def _type(annotation: "Any", definitions: "dict[str, Any]") -> "dict[str, Any]":
    """The schema of one annotation."""
    inner = introspect.alternatives(annotation)
    if inner != (annotation,):
        options = [_type(kind, definitions) for kind in inner]
        if NoneType in annotation.__args__:
            options.append({"type": "null"})
        if all(set(option) == {"type"} for option in options):
            return {"type": [option["type"] for option in options]}
        return {"anyOf": options}
    if introspect.item(annotation) is not None:
        return {"type": "array", "items": _type(introspect.item(annotation), definitions)}
    if introspect.values(annotation) is not None:
        return {"type": "object", "additionalProperties": _type(introspect.values(annotation), definitions)}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {"type": "string", "enum": [member.value for member in annotation]}
    if introspect.model(annotation) is not None:
        return _model(annotation, definitions)
    return {"type": _PLAIN[annotation]}
