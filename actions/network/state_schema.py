"""The JSON Schema of a network state, for editors and programs that write one."""

from __future__ import annotations

from typing import Any

from hostinfo import introspect
from hostinfo.field_docs import docs_of
from hostinfo.model.network_state import Interface, IpAddress, NetworkState, RouteEntry, VlanConfiguration

from .bond_options import MODES, NAMES, RANGES, SWITCHES, TEXTS
from .schema_keys import DEFAULTS, IDENTIFIERS, INFORMATION, INTERFACE_STATES, INTERFACE_TYPES, key_of

_PLAIN = {bool: "boolean", int: "integer", str: "string"}
_CHOICES = {
    (Interface, "type"): INTERFACE_TYPES,
    (Interface, "state"): INTERFACE_STATES,
    (Interface, "identifier"): IDENTIFIERS,
    (RouteEntry, "state"): ("absent",),
    (VlanConfiguration, "protocol"): ("802.1q", "802.1ad"),
}


def state_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of what ``hostinfo network apply`` takes, with nmstate's keys."""
    definitions: dict[str, Any] = {}
    top = _record(NetworkState, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:hostinfo:network-state:1",
        "title": "hostinfo network state",
        **definitions.pop(top["$ref"].rpartition("/")[2]),
        "$defs": dict(sorted(definitions.items())),
    }


def _record(cls: type, definitions: dict[str, Any]) -> dict[str, str]:
    if cls.__name__ not in definitions:
        docs = docs_of(cls)
        definitions[cls.__name__] = {}
        properties = {
            key_of(cls, name): {"description": docs[name]} | _type(annotation, definitions, cls, name)
            for name, annotation in introspect.fields(cls).items()
        }
        properties |= {key: {} for key in sorted(INFORMATION.get(cls, ()))}
        properties |= {key: {"enum": list(values)} for key, values in DEFAULTS.get(cls, {}).items()}
        schema = {
            "description": docs[""],
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        }
        if cls is Interface:
            schema["required"] = ["name"]
        elif cls is IpAddress:
            properties["netmask"] = {"description": "Netmask, instead of the prefix length.", "type": "string"}
            schema["required"] = ["ip"]
        definitions[cls.__name__] = schema
    return {"$ref": f"#/$defs/{cls.__name__}"}


def _type(annotation: Any, definitions: dict[str, Any], cls: type, name: str) -> dict[str, Any]:
    if (cls, name) in _CHOICES:
        return {"enum": list(_CHOICES[cls, name])}
    if introspect.item(annotation) is not None:
        return {"type": "array", "items": _type(introspect.item(annotation), definitions, cls, "")}
    if introspect.values(annotation) is not None:
        return {"type": "object", "properties": _bond_options(), "additionalProperties": False}
    if (inner := introspect.model(annotation)) is not None:
        return dict(_record(inner, definitions))
    if name == "mode":
        return {"enum": list(MODES)}
    return {"type": _PLAIN[introspect.alternatives(annotation)[0]]}


def _bond_options() -> dict[str, Any]:
    options: dict[str, Any] = {name: {"enum": [*values, *range(len(values))]} for name, values in NAMES.items()}
    options |= {name: {"type": "integer", "minimum": low, "maximum": high} for name, (low, high) in RANGES.items()}
    options |= {name: {"enum": [True, False, 0, 1]} for name in SWITCHES}
    options |= {name: {"type": "string"} for name in TEXTS}
    return dict(sorted(options.items()))
