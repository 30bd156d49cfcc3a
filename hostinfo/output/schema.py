"""The JSON Schema (draft 2020-12) of the document, generated from the model and its documentation."""

from __future__ import annotations

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


def schema() -> dict[str, Any]:
    """Return the schema of what ``hostinfo dump --json`` prints.

    Known properties are required. Unknown ones are allowed, so that documents of later versions, with more fields, are
    valid too.
    """
    definitions: dict[str, Any] = {}
    groups = {group: _group(group, definitions) for group in GROUPS}
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:hostinfo:dump:{FORMAT}",
        "title": "hostinfo dump",
        "description": "The hardware of a Linux host, and the share of it that this operating system was given.",
        "type": "object",
        "properties": {
            "hostinfo": _HEADER,
            **groups,
            "sources": {
                "description": "Where each field was read, by group; not listed: where its parent was.",
                "type": "object",
                "properties": dict.fromkeys(GROUPS, texts),
                "additionalProperties": False,
            },
            "errors": {
                "description": "What is not available and why, by group or path.",
                "type": "object",
                "additionalProperties": _ERROR,
            },
            "failed_drivers": {
                "description": "Drivers that failed before another one reported the group, in the order of trial.",
                "type": "object",
                "properties": dict.fromkeys(GROUPS, _FAILED_DRIVERS),
                "additionalProperties": False,
            },
        },
        "required": ["hostinfo", *GROUPS, "sources", "errors", "failed_drivers"],
        "$defs": dict(sorted(definitions.items())),
    }


_ERROR: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kind": {
            "description": "Class of the error: Unsupported (no source on this host provides it), or a failure.",
            "type": "string",
        },
        "message": {"description": "The source, then what happened.", "type": "string"},
    },
    "required": ["kind", "message"],
    "additionalProperties": False,
}
_FAILED_DRIVERS = {
    "type": "array",
    "items": {
        **_ERROR,
        "properties": {"driver": {"description": "Name of the driver.", "type": "string"}, **_ERROR["properties"]},
        "required": ["driver", "kind", "message"],
    },
}
_HEADER = {
    "description": "How and when the host was read.",
    "type": "object",
    "properties": {
        "version": {"description": "Version of hostinfo.", "type": "string"},
        "format": {"description": "Version of this document.", "const": FORMAT},
        "uri": {"description": "URI of the host; null: this machine, with probed drivers.", "type": ["string", "null"]},
        "drivers": {"description": "Drivers that were opened.", "type": "array", "items": {"type": "string"}},
        "time": {"description": "Time of reading, ISO 8601 in UTC.", "type": "string", "format": "date-time"},
    },
    "required": ["version", "format", "uri", "drivers", "time"],
}


def _group(group: str, definitions: dict[str, Any]) -> dict[str, Any]:
    cls = introspect.group_class(group)
    return {
        "description": docs_of(cls)[""] + " null: not available, see errors.",
        "anyOf": [_type(cls, definitions), {"type": "null"}],
    }


def _model(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    name = cls.__name__
    if name not in definitions:
        docs = docs_of(cls)
        definitions[name] = {}  # known before its fields: a record may contain itself
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


def _type(annotation: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one annotation."""
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
