"""Read and write .netdev files, systemd.netdev(5): bonds, VLANs and bridges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hostinfo.model.network_state import BridgeOptions, Interface, SpanningTree
from hostinfo.record import record

from .bond_keys import bond_settings, read_option
from .unit_text import Section, Setting, parse_boolean, parse_milliseconds

KINDS = {"bond": "bond", "vlan": "vlan", "bridge": "linux-bridge"}
"""Kind= -> type in a state."""
KEPT = ("Description",)
VLAN_PROTOCOLS = ("802.1q", "802.1ad")
SWITCH = {True: "yes", False: "no"}


@record
class NetdevFile:
    """What a .netdev file creates."""

    name: str
    """Name of the link."""
    type: str | None
    """bond, vlan or linux-bridge; None: a kind that a state does not have."""
    mac_address: str | None = None
    """Hardware address."""
    mtu: int | None = None
    """MTU in bytes."""
    mode: str | None = None
    """Mode of a bond."""
    options: Mapping[str, str | int]
    """Options of a bond by the kernel's names."""
    vlan_id: int | None = None
    """Number of a VLAN."""
    protocol: str | None = None
    """Protocol of a VLAN."""
    bridge: BridgeOptions
    """Options of a bridge that are given."""
    kept: tuple[Setting, ...] = ()
    """Settings of [NetDev] that are written again as they are."""
    unknown: tuple[str, ...] = ()
    """Settings that a state cannot express: [Section] Key=value."""


def read_netdev_file(sections: Iterable[Section]) -> NetdevFile | None:
    """Return what the sections of a .netdev file create; None: nothing, it has no name or kind."""
    found: dict[str, Any] = {}
    options: dict[str, str | int] = {}
    bridge: dict[str, Any] = {}
    kept: list[Setting] = []
    unknown: list[str] = []
    for section in sections:
        for key, value in section.settings:
            path = f"{section.name}.{key}"
            if path in ("NetDev.Name", "NetDev.Kind"):
                found["name" if path.endswith("Name") else "kind"] = value
            elif path in _VALUES:
                field, parse = _VALUES[path]
                parsed = parse(value)
                if parsed is None:
                    unknown.append(f"[{section.name}] {key}={value}")
                else:
                    (bridge if section.name == "Bridge" else found)[field] = parsed
            elif section.name == "Bond" and (option := read_option(key, value)) is not None:
                options[option[0]] = option[1]
            elif section.name == "NetDev" and key in KEPT:
                kept.append((key, value))
            elif value:
                unknown.append(f"[{section.name}] {key}={value}")
    name, kind = found.pop("name", None), found.pop("kind", None)
    if not name or not kind:
        return None
    return NetdevFile(
        name=name, type=KINDS.get(kind), options=options, bridge=_bridge_options(bridge),
        kept=tuple(kept), unknown=tuple(unknown), **found,
    )  # fmt: skip


def _number(value: str) -> int | None:
    return int(value) if value.isdecimal() else None


def _seconds(value: str) -> int | None:
    found = parse_milliseconds(value)
    return found // 1000 if found is not None and found % 1000 == 0 else None


def _protocol(value: str) -> str | None:
    return value.lower() if value.lower() in VLAN_PROTOCOLS else None


_VALUES: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "NetDev.MTUBytes": ("mtu", _number),
    "NetDev.MACAddress": ("mac_address", lambda value: value.lower().replace("-", ":") if len(value) == 17 else None),
    "Bond.Mode": ("mode", lambda value: value or None),
    "VLAN.Id": ("vlan_id", _number),
    "VLAN.Protocol": ("protocol", _protocol),
    "Bridge.STP": ("enabled", parse_boolean),
    "Bridge.ForwardDelaySec": ("forward_delay", _seconds),
    "Bridge.HelloTimeSec": ("hello_time", _seconds),
    "Bridge.MaxAgeSec": ("max_age", _seconds),
    "Bridge.Priority": ("priority", _number),
    "Bridge.AgeingTimeSec": ("mac_ageing_time", _seconds),
    "Bridge.MulticastSnooping": ("multicast_snooping", parse_boolean),
    "Bridge.GroupForwardMask": ("group_forward_mask", _number),
}
_TREE = ("enabled", "forward_delay", "hello_time", "max_age", "priority")


def _bridge_options(given: Mapping[str, Any]) -> BridgeOptions:
    tree = {key: value for key, value in given.items() if key in _TREE}
    rest = {key: value for key, value in given.items() if key not in _TREE}
    return BridgeOptions(stp=SpanningTree(**tree) if tree else None, **rest)


def netdev_sections(link: Interface, mac_address: str | None, kept: Iterable[Setting] = ()) -> Iterator[Section]:
    """Yield the sections of the .netdev file that creates a bond, VLAN or bridge."""
    kind = {value: key for key, value in KINDS.items()}[link.type or ""]
    settings = [("Name", link.name), ("Kind", kind), *kept]
    if mac_address is not None:
        settings.append(("MACAddress", mac_address))
    yield Section(name="NetDev", settings=tuple(settings))
    if link.link_aggregation is not None:
        mode = link.link_aggregation.mode or "balance-rr"
        options = bond_settings(link.link_aggregation.options or {})
        yield Section(name="Bond", settings=(("Mode", mode), *options))
    if link.vlan is not None:
        vlan = [("Id", str(link.vlan.id))]
        if link.vlan.protocol == "802.1ad":
            vlan.append(("Protocol", "802.1ad"))
        yield Section(name="VLAN", settings=tuple(vlan))
    if link.bridge is not None:
        yield Section(name="Bridge", settings=tuple(_bridge_settings(link.bridge.options or BridgeOptions())))


def _bridge_settings(options: BridgeOptions) -> Iterator[Setting]:
    tree = options.stp or SpanningTree()
    if tree.enabled is not None:
        yield "STP", SWITCH[tree.enabled]
    for key, value in (
        ("ForwardDelaySec", tree.forward_delay), ("HelloTimeSec", tree.hello_time), ("MaxAgeSec", tree.max_age),
        ("Priority", tree.priority), ("AgeingTimeSec", options.mac_ageing_time),
        ("GroupForwardMask", options.group_forward_mask),
    ):  # fmt: skip
        if value or (value is not None and key in ("ForwardDelaySec", "AgeingTimeSec")):  # networkd sends no other 0
            yield key, str(value)
    if options.multicast_snooping is not None:
        yield "MulticastSnooping", SWITCH[options.multicast_snooping]
