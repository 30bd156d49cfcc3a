"""Find the interfaces that a request means: by name, permanent hardware address or bus address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hostinfo.model.network import Link, Network
from hostinfo.model.network_state import Interface, NetworkState
from hostinfo.record import replace

from .backend import Fault
from .stack import by_name


def resolve(request: NetworkState, current: NetworkState, network: Network) -> tuple[NetworkState, list[Fault]]:
    """Return the request with the kernel's names and with hardware addresses in place of ``copy-mac-from``.

    A bond shows its own hardware address on its ports, so NICs are compared by their permanent address.
    """
    faults: list[Fault] = []
    renamed: dict[str, str] = {}
    found: list[Interface] = []
    for link in request.interfaces:
        if link.identifier in (None, "name"):
            if link.pci_address is not None:
                path = f"interfaces[{link.name}].pci-address"
                faults.append(Fault(path=path, message="used only with identifier: pci-address"))
            found.append(link)
            continue
        name = _find(link, network, faults)
        if name is not None:
            renamed[link.name] = name
            mac = None if link.identifier == "mac-address" else link.mac_address
            found.append(replace(link, name=name, identifier=None, pci_address=None, mac_address=mac))
    named = NetworkState(interfaces=tuple(found), routes=request.routes, dns_resolver=request.dns_resolver)
    if renamed:
        named = _rename(named, renamed)
    faults += _twice(named)
    return _copy_macs(named, current, network, faults), faults


def _find(link: Interface, network: Network, faults: list[Fault]) -> str | None:
    path = f"interfaces[{link.name}]"
    wanted, key, value = _identity(link)
    if value is None:
        faults.append(Fault(path=f"{path}.{key}", message=f"missing; identifier: {key} needs it"))
        return None
    matches = [one.name for one in network.links if wanted(one)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        message = f"{value} is the {key} of {', '.join(matches)}; use the name"
    else:
        message = f"no interface has the {key} {value}"
    faults.append(Fault(path=f"{path}.{key}", message=message))
    return None


def _identity(link: Interface) -> tuple[Callable[[Link], bool], str, str | None]:
    if link.identifier == "mac-address":
        mac = link.mac_address
        return (lambda one: (one.permanent_mac or (one.mac if one.is_physical else None)) == mac), "mac-address", mac
    address = link.pci_address.lower() if link.pci_address else None
    return (lambda one: one.bus_address == address and bool(one.is_physical)), "pci-address", address


def _rename(state: NetworkState, names: dict[str, str]) -> NetworkState:
    """Return the state with other names wherever interfaces refer to each other."""
    links = []
    for link in state.interfaces:
        bond, vlan, bridge = link.link_aggregation, link.vlan, link.bridge
        if bond is not None and bond.ports is not None:
            bond = replace(bond, ports=tuple(names.get(port, port) for port in bond.ports))
        if vlan is not None and vlan.base_iface is not None:
            vlan = replace(vlan, base_iface=names.get(vlan.base_iface, vlan.base_iface))
        if bridge is not None and bridge.ports is not None:
            ports = tuple(replace(port, name=names.get(port.name, port.name)) for port in bridge.ports)
            bridge = replace(bridge, ports=ports)
        source = link.copy_mac_from and names.get(link.copy_mac_from, link.copy_mac_from)
        links.append(replace(link, link_aggregation=bond, vlan=vlan, bridge=bridge, copy_mac_from=source))
    routes = state.routes
    if routes is not None and routes.config is not None:
        hop = {route: route.next_hop_interface for route in routes.config}
        config = tuple(replace(route, next_hop_interface=names.get(name or "", name)) for route, name in hop.items())
        routes = replace(routes, config=config)
    return replace(state, interfaces=tuple(links), routes=routes)


def _twice(state: NetworkState) -> list[Fault]:
    counts = Counter(link.name for link in state.interfaces)
    return [Fault(path=f"interfaces[{name}]", message="listed twice") for name, times in counts.items() if times > 1]


def _copy_macs(state: NetworkState, current: NetworkState, network: Network, faults: list[Fault]) -> NetworkState:
    macs = {link.name: link.permanent_mac or link.mac for link in network.links}
    known = by_name(current)
    links = []
    for link in state.interfaces:
        source = link.copy_mac_from
        mac = link.mac_address
        if source is not None:
            path = f"interfaces[{link.name}].copy-mac-from"
            if mac is not None:
                faults.append(Fault(path=path, message="given together with mac-address; one of them is enough"))
            mac = (known[source].mac_address if source in known else None) or macs.get(source)
            if mac is None:
                faults.append(Fault(path=path, message=f"no interface {source} with a hardware address"))
        links.append(replace(link, copy_mac_from=None, mac_address=mac))
    return replace(state, interfaces=tuple(links))
