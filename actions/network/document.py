"""Network states as documents: nmstate's keys in YAML or JSON, read strictly.

``parse_state`` reports every fault of a document at once, each with its path. No key is ignored silently: a key is
supported, or has a value that changes nothing, or is a fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface, ip_network
from typing import Any

from hostinfo.errors import ActionRefused
from hostinfo.introspect import alternatives, fields, item, model, values
from hostinfo.model.network_state import Interface, IpAddress, NetworkState, RouteEntry, VlanConfiguration
from hostinfo.record import is_record, record_fields, replace
from hostinfo.suggestions import did_you_mean

from .backend import Fault
from .schema_keys import (
    ALIASES,
    DEFAULTS,
    IDENTIFIERS,
    INFORMATION,
    INTERFACE_STATES,
    INTERFACE_TYPES,
    UNSUPPORTED,
    key_of,
)
from .yaml_reader import read_document

FAULTS_SHOWN = 50


def read_state(text: str, source: str) -> NetworkState:
    """Return the state that a YAML or JSON document requests. ActionRefused: every fault of it."""
    return parse_state(read_document(text, source), source)


def parse_state(document: Any, source: str) -> NetworkState:
    """Return the state that a document of dicts and lists requests. ActionRefused: every fault of it."""
    parser = _Parser()
    state: NetworkState = parser.record(document, NetworkState, "")
    refuse(source, parser.faults)
    return replace(state, interfaces=tuple(link for link in state.interfaces if link.state != "ignore"))


def refuse(source: str, faults: list[Fault]) -> None:
    """Raise ActionRefused with one line per fault; return if there is none."""
    if not faults:
        return
    lines = [f"{fault.path}: {fault.message}" for fault in faults[:FAULTS_SHOWN]]
    if len(faults) > FAULTS_SHOWN:
        lines.append(f"… and {len(faults) - FAULTS_SHOWN} more")
    raise ActionRefused(source, "\n".join(lines) if len(lines) == 1 else "\n  ".join([f"{len(faults)} faults", *lines]))


def to_document(state: Any) -> Any:
    """Return a state, or any part of it, as dicts and lists with nmstate's keys; what is None is left out."""
    if is_record(type(state)):
        cls = type(state)
        return {
            key_of(cls, name): to_document(value)
            for name in record_fields(cls)
            if (value := getattr(state, name)) is not None
        }
    if isinstance(state, tuple):
        return [to_document(entry) for entry in state]
    if isinstance(state, Mapping):
        return dict(state)
    return state


def digest(state: NetworkState) -> str:
    """Return a hash by which the files of a change are known to belong to its desired state."""
    return sha256(json.dumps(to_document(state), sort_keys=True).encode()).hexdigest()


class _Parser:
    """Collects the faults of one document while it makes records of it."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, path: str, message: str) -> None:
        self.faults.append(Fault(path=path or "document", message=message))

    def record(self, value: Any, cls: type, path: str) -> Any:
        """Return a record, with None for what is missing or faulty."""
        if value is None and cls is NetworkState:
            return NetworkState()
        if not isinstance(value, dict):
            self.fault(path, f"{_shown(value)} is no mapping")
            return None
        found: dict[str, Any] = {}
        known = {key_of(cls, name): (name, annotation) for name, annotation in fields(cls).items()}
        for given, entry in value.items():
            key = ALIASES.get((cls, given), given)
            inner = f"{path}.{given}" if path else given
            if key not in known:
                self.other_key(entry, given, cls, inner, known)
            elif known[key][0] in found:
                self.fault(inner, f"given twice, also as {key}")
            elif entry is not None:
                name, annotation = known[key]
                found[name] = self.value(entry, annotation, inner)
        self.check(cls, found, value, path)
        return _make(cls, found)

    def other_key(self, value: Any, key: str, cls: type, path: str, known: Mapping[str, Any]) -> None:
        """Accept a key that is none of the model's fields, or report it."""
        if key in INFORMATION.get(cls, ()):
            return
        if key in (defaults := DEFAULTS.get(cls, {})):
            if value not in defaults[key]:
                only = " or ".join(_shown(accepted) for accepted in defaults[key])
                self.fault(path, f"{_shown(value)} is not supported by hostinfo; only {only} is")
        elif key in UNSUPPORTED.get(cls, ()):
            self.fault(path, "not supported by hostinfo; remove it")
        elif not (cls is IpAddress and key == "netmask"):
            # not for each of 100,000 keys: what is beyond the limit is only counted
            hint = did_you_mean(key, known) if len(self.faults) < FAULTS_SHOWN else ""
            self.fault(path, f"unknown key{hint}")

    def value(self, value: Any, annotation: Any, path: str) -> Any:
        """Return a value of the annotated type; None, with a fault, if it is not one."""
        if item(annotation) is not None:
            return tuple(self.items(value, item(annotation), path))
        if values(annotation) is not None:
            return self.mapping(value, path)
        if (cls := model(annotation)) is not None:
            return self.record(value, cls, path)
        kind = alternatives(annotation)[0]
        converted = _CONVERT[kind](value)
        if converted is None:
            self.fault(path, f"{_shown(value)} is no {_NAMES[kind]}")
        return converted

    def items(self, value: Any, annotation: Any, path: str) -> Iterator[Any]:
        if not isinstance(value, list):
            self.fault(path, f"{_shown(value)} is no list")
            return
        for number, entry in enumerate(value):
            name = entry.get("name") if isinstance(entry, dict) else None
            found = self.value(entry, annotation, f"{path}[{name if isinstance(name, str) else number}]")
            if found is not None:
                yield found

    def mapping(self, value: Any, path: str) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            self.fault(path, f"{_shown(value)} is no mapping")
            return None
        for key, entry in value.items():
            if not isinstance(entry, str | int | bool):
                self.fault(f"{path}.{key}", f"{_shown(entry)} is no string, number or boolean")
        return {key: entry for key, entry in value.items() if isinstance(entry, str | int | bool)}

    def check(self, cls: type, found: dict[str, Any], value: Mapping[str, Any], path: str) -> None:
        """Check and normalise what concerns one record by itself."""
        if cls is Interface:
            self.choice(found, "type", INTERFACE_TYPES, path)
            self.choice(found, "state", INTERFACE_STATES, path)
            self.choice(found, "identifier", IDENTIFIERS, path)
            self.hardware_address(found, path)
            self.families(found, path)
            if not found.get("name"):
                self.fault(f"{path}.name", "missing")
        elif cls is IpAddress:
            self.ip(found, value, path)
        elif cls is RouteEntry:
            self.choice(found, "state", ("absent",), path)
            self.route(found, path)
        elif cls is VlanConfiguration:
            self.choice(found, "protocol", ("802.1q", "802.1ad"), path)

    def choice(self, found: dict[str, Any], name: str, choices: tuple[str, ...], path: str) -> None:
        if found.get(name) is not None and found[name] not in choices:
            self.fault(f"{path}.{name}", f"{_shown(found[name])} is not supported; one of {', '.join(choices)} is")
            found[name] = None

    def families(self, found: dict[str, Any], path: str) -> None:
        """Check that addresses are listed under their own protocol."""
        for family, version in (("ipv4", 4), ("ipv6", 6)):
            addresses = found[family].addresses if found.get(family) is not None else ()
            for address in addresses or ():
                if address.ip and ip_address(address.ip).version != version:
                    self.fault(f"{path}.{family}.address", f"{address.ip} is no {_PROTOCOLS[version]} address")
        if found.get("ipv4") is not None and found["ipv4"].autoconf is not None:
            self.fault(f"{path}.ipv4.autoconf", "IPv4 has none; use dhcp")

    def hardware_address(self, found: dict[str, Any], path: str) -> None:
        mac = found.get("mac_address")
        if mac is None:
            return
        parts = mac.replace("-", ":").lower().split(":")
        if len(parts) < 6 or not all(len(part) == 2 and set(part) <= set("0123456789abcdef") for part in parts):
            self.fault(f"{path}.mac-address", f"{_shown(mac)} is no hardware address such as 52:54:00:12:34:56")
            found["mac_address"] = None
        else:
            found["mac_address"] = ":".join(parts)

    def ip(self, found: dict[str, Any], value: Mapping[str, Any], path: str) -> None:
        """Normalise the address, and its netmask to a prefix length."""
        text, mask = found.get("ip"), value.get("netmask")
        length = found.get("prefix_length")
        if text is None:
            if "ip" not in value:
                self.fault(f"{path}.ip", "missing")
            return
        if mask is not None and length is not None:
            self.fault(f"{path}.netmask", "given together with prefix-length; one of them is enough")
        elif mask is None and length is None and "/" not in text:
            self.fault(f"{path}.prefix-length", "missing")
            return
        elif "/" in text and (mask is not None or length is not None):
            self.fault(f"{path}.ip", f"{_shown(text)} has a prefix length already")
            return
        try:
            whole = ip_interface(text if "/" in text else f"{text}/{mask if length is None else length}")
        except ValueError as error:
            self.fault(path, str(error))
            return
        if isinstance(whole, IPv6Interface) and whole.scope_id is not None:
            self.fault(f"{path}.ip", f"{_shown(text)} has a zone; remove it")
        found["ip"], found["prefix_length"] = str(whole.ip), whole.network.prefixlen
        self.broadcast(found, whole, path)

    def broadcast(self, found: dict[str, Any], whole: IPv4Interface | IPv6Interface, path: str) -> None:
        """Keep a broadcast address only where it is not the one derived from the prefix."""
        given = found.get("broadcast")
        if given is None:
            return
        try:
            address = ip_address(given)
        except ValueError as error:
            self.fault(f"{path}.broadcast", str(error))
            return
        if address.version != 4 or whole.version != 4:
            self.fault(f"{path}.broadcast", "IPv6 has no broadcast addresses")
        derived = address == whole.network.broadcast_address and whole.network.prefixlen < 31
        found["broadcast"] = None if derived else str(address)

    def route(self, found: dict[str, Any], path: str) -> None:
        """Normalise destination and gateway."""
        if (text := found.get("destination")) is not None:
            try:
                found["destination"] = str(ip_network(text))
            except ValueError as error:
                self.fault(f"{path}.destination", str(error))
        if (text := found.get("next_hop_address")) is not None:
            try:
                found["next_hop_address"] = str(ip_address(text))
            except ValueError as error:
                self.fault(f"{path}.next-hop-address", str(error))


def _make(cls: type, found: dict[str, Any]) -> Any:
    """Return a record; what it requires and the document lacks was reported, and is filled with something."""
    needed = {name: empty for name, empty in _EMPTY.items() if name in fields(cls)}
    return cls(**needed | {name: entry for name, entry in found.items() if entry is not None})


_EMPTY = {"name": "", "ip": "", "prefix_length": 0}
"""What stands in the required fields of a record that was refused."""


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 1 << 63 else None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        return int(value)
    return None


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return _BOOLEANS.get(value.lower()) if isinstance(value, str) else None


_PROTOCOLS = {4: "IPv4", 6: "IPv6"}
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_CONVERT = {str: _string, int: _integer, bool: _boolean}
_NAMES = {str: "string", int: "number", bool: "boolean"}


def _shown(value: Any) -> str:
    """Return a value as the document may have it, in at most 60 characters."""
    text = repr(value) if not isinstance(value, bool) else str(value).lower()
    text = "null" if value is None else text
    return text if len(text) <= 60 else text[:59] + "…"
