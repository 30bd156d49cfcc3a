"""The layers of a state: which interface is a port of which, and what lies on what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hostinfo.model.network_state import Interface, NetworkState

CREATED_TYPES = ("bond", "vlan", "linux-bridge")
"""Types of interfaces that exist because somebody created them."""


def by_name(state: NetworkState) -> dict[str, Interface]:
    """Return the interfaces by their names."""
    return {link.name: link for link in state.interfaces}


def ports_of(link: Interface) -> tuple[str, ...]:
    """Return the names of the ports of a bond or bridge, in order."""
    if link.link_aggregation is not None:
        return link.link_aggregation.ports or ()
    if link.bridge is not None:
        return tuple(port.name for port in link.bridge.ports or ())
    return ()


def controllers(links: Iterable[Interface]) -> dict[str, str]:
    """Return port -> name of its bond or bridge; the last one where a port has several."""
    return {port: link.name for link in links for port in ports_of(link)}


def lower_of(link: Interface) -> tuple[str, ...]:
    """Return the names of the interfaces directly below one: its ports, or the base of a VLAN."""
    if link.vlan is not None:
        return (link.vlan.base_iface,) if link.vlan.base_iface else ()
    return ports_of(link)


def vlans_on(links: Iterable[Interface]) -> dict[str, list[str]]:
    """Return base -> names of the VLANs on it."""
    found: dict[str, list[str]] = {}
    for link in links:
        if link.vlan is not None and link.vlan.base_iface:
            found.setdefault(link.vlan.base_iface, []).append(link.name)
    return found


def depths(links: Mapping[str, Interface]) -> dict[str, int]:
    """Return name -> number of layers below an interface; interfaces of a cycle have the number of the others."""
    found: dict[str, int] = {}
    left = dict(links)
    depth = 0
    while left:
        layer = [name for name, link in left.items() if not any(lower in left for lower in lower_of(link))]
        for name in layer or list(left):
            found[name] = depth
            del left[name]
        depth += 1
    return found


def with_vlans(names: Iterable[str], links: Iterable[Interface]) -> set[str]:
    """Return the names, and those of all VLANs on them."""
    above = vlans_on(links)
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += above.get(name, [])
    return found
