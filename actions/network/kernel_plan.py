"""Plan the steps by which the kernel gets from one state to another.

Order: routes, addresses, ports and links that have to go, from the top of the stack to its bottom; then links, options,
ports, addresses and routes that are added, from the bottom to the top. What the kernel loses on the way (IPv6 addresses
and routes of a link that is set down, VLANs of a link that is deleted, secondary addresses of a primary one) is added
again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hostinfo.model.network_state import BridgeOptions, Interface, IpAddress, NetworkState, RouteEntry
from hostinfo.record import record_fields

from .bond_options import NEEDS_DOWN
from .compare import networks, same_addresses
from .merge import MAIN_TABLE
from .stack import CREATED_TYPES, by_name, controllers, depths, ports_of, with_vlans
from .steps import (
    AddAddress,
    AddRoute,
    AttachPort,
    CreateBond,
    CreateBridge,
    CreateVlan,
    DeleteAddress,
    DeleteLink,
    DeleteRoute,
    DetachPort,
    KernelStep,
    SetBondOptions,
    SetBridgeOptions,
    SetBridgePort,
    SetDown,
    SetIpv6,
    SetMac,
    SetMtu,
    SetUp,
)
from .validate import is_recreated


def plan_kernel(current: NetworkState, desired: NetworkState) -> tuple[KernelStep, ...]:
    """Return the steps from one complete state to another; empty: they do not differ."""
    return tuple(_Plan(current, desired).steps())


class _Plan:
    """Two states, indexed."""

    def __init__(self, current: NetworkState, desired: NetworkState) -> None:
        self.old, self.new = by_name(current), by_name(desired)
        self.old_routes = set((current.routes.config if current.routes else None) or ())
        self.new_routes = set((desired.routes.config if desired.routes else None) or ())
        self.old_controllers = controllers(self.old.values())
        self.new_controllers = controllers(self.new.values())
        self.old_depths, self.new_depths = depths(self.old), depths(self.new)
        changed = {name for name in self.old if name in self.new and is_recreated(self.old[name], self.new[name])}
        lost = with_vlans(changed | (set(self.old) - set(self.new)), self.old.values())
        self.deleted = {name for name in lost if self.old[name].type in CREATED_TYPES}
        self.created = {name for name in self.new if name not in self.old or name in self.deleted}
        self.kept = set(self.old) & set(self.new) - self.deleted
        self.moved = {name for name in self.kept if self._old_controller(name) != self._new_controller(name)}
        self.downed = self._downed()
        """Existing links that are down at some point, so that they have lost IPv6 addresses and routes."""
        self.readdressed: set[str] = set()
        """Links of which an address was deleted; the kernel may have deleted routes with it."""

    def _old_controller(self, name: str) -> str | None:
        """Return the bond or bridge of a link, unless that is deleted."""
        controller = self.old_controllers.get(name)
        return None if controller in self.deleted else controller

    def _new_controller(self, name: str) -> str | None:
        return self.new_controllers.get(name)

    def _downed(self) -> set[str]:
        downed = {name for name in self.kept if self._mac_differs(name) and self.old[name].type == "ethernet"}
        downed |= {name for name in self.kept if self._bond_options(name).keys() & NEEDS_DOWN}
        downed |= {name for name in self.kept if self.old[name].state == "up" and self.new[name].state == "down"}
        for name in self.moved:
            # a bond takes ports that are down, and closes those that it releases
            if any(self._is_bond(links, name) for links in (self.old_controllers, self.new_controllers)):
                downed.add(name)
        freed = {name for name, controller in self.old_controllers.items() if controller in self.deleted}
        downed |= {name for name in freed & self.kept if self._is_bond(self.old_controllers, name)}
        return with_vlans(downed, self.old.values()) & self.kept

    def _is_bond(self, ports: dict[str, str], name: str) -> bool:
        controller = ports.get(name, "")
        links = self.old if ports is self.old_controllers else self.new
        return controller in links and links[controller].type == "bond"

    def _mac_differs(self, name: str) -> bool:
        wanted = self.new[name].mac_address
        return wanted is not None and wanted != self.old[name].mac_address

    def _bond_options(self, name: str) -> dict[str, Any]:
        """Return the options of an existing bond that change."""
        old, new = self.old[name].link_aggregation, self.new[name].link_aggregation
        if old is None or new is None:
            return {}
        before = old.options or {}
        return {key: value for key, value in (new.options or {}).items() if before.get(key) != value}

    def steps(self) -> Iterator[KernelStep]:
        """Yield all steps in order."""
        yield from self._delete_routes()
        yield from self._delete_addresses()
        yield from self._detach()
        for name in self._downwards(self.deleted):
            yield DeleteLink(link=name)
        yield from self._lower_mtus()
        yield from self._raise_mtus()
        yield from self._set_down()
        for name in self._upwards(self.created):
            yield self._create(self.new[name])
        yield from self._options()
        yield from self._attach()
        yield from self._enable()
        yield from self._add_addresses()
        yield from self._add_routes()

    def _upwards(self, names: set[str]) -> list[str]:
        return sorted(names, key=lambda name: (self.new_depths[name], name))

    def _downwards(self, names: set[str]) -> list[str]:
        return sorted(names, key=lambda name: (-self.old_depths[name], name))

    def _delete_routes(self) -> Iterator[KernelStep]:
        gone = [route for route in self.old_routes - self.new_routes if route.next_hop_interface not in self.deleted]
        keys = {(route.destination, route.table_id, route.metric) for route in self.new_routes}
        for route in sorted(gone, key=_route_order, reverse=True):
            if (route.destination, route.table_id, route.metric) not in keys:  # else it is replaced
                yield DeleteRoute(**_route(route))

    def _delete_addresses(self) -> Iterator[KernelStep]:
        for name in self._downwards(self.kept):
            old, new = self._addresses(self.old[name], "ipv4"), self._addresses(self.new[name], "ipv4")
            if not same_addresses(old, new):
                gone = _ipv4_to_delete(old, new)
                for one in gone:
                    yield DeleteAddress(link=name, ip=one.ip, prefix_length=one.prefix_length)
                if gone:
                    self.readdressed.add(name)
            wanted = self.new[name].ipv6
            if wanted is None or wanted.addresses is None:
                continue
            for one in self._addresses(self.old[name], "ipv6"):
                if one not in wanted.addresses:
                    self.readdressed.add(name)
                    yield DeleteAddress(link=name, ip=one.ip, prefix_length=one.prefix_length)

    @staticmethod
    def _addresses(link: Interface, family: str) -> tuple[IpAddress, ...]:
        ip = getattr(link, family)
        return () if ip is None else ip.addresses or ()

    def _detach(self) -> Iterator[KernelStep]:
        for name in self._downwards(self.kept):
            old, new = self.old_controllers.get(name), self.new_controllers.get(name)
            if old is not None and (old != new or old in self.deleted):
                yield DetachPort(link=name)

    def _lower_mtus(self) -> Iterator[KernelStep]:
        for name in self._downwards(self.kept):
            wanted, present = self.new[name].mtu, self.old[name].mtu
            if wanted is not None and (present is None or wanted < present):
                yield SetMtu(link=name, mtu=wanted)

    def _raise_mtus(self) -> Iterator[KernelStep]:
        for name in self._upwards(self.kept):
            wanted, present = self.new[name].mtu, self.old[name].mtu
            if wanted is not None and present is not None and wanted > present:
                yield SetMtu(link=name, mtu=wanted)

    def _set_down(self) -> Iterator[KernelStep]:
        for name in self._downwards(self.downed):
            yield SetDown(link=name)

    def _create(self, link: Interface) -> KernelStep:
        common: dict[str, Any] = {"link": link.name, "mac": link.mac_address, "mtu": link.mtu}
        if link.vlan is not None:
            base, number = link.vlan.base_iface, link.vlan.id
            if base is None or number is None:
                raise ValueError(f"{link.name}: not validated")
            return CreateVlan(base=base, id=number, protocol=link.vlan.protocol or "802.1q", **common)
        if link.link_aggregation is not None:
            options = {key: value for key, value in (link.link_aggregation.options or {}).items() if key != "primary"}
            return CreateBond(mode=link.link_aggregation.mode or "", options=options, **common)
        common["mac"] = link.mac_address or self._mac_of_ports(link)
        bridge = link.bridge
        return CreateBridge(options=(bridge.options if bridge else None) or BridgeOptions(), **common)

    def _mac_of_ports(self, link: Interface) -> str | None:
        """Return the address of a bridge's first NIC: udev would make one up, and DHCP servers know the NIC's.

        The address of a bond that has none of its own is that of its first port.
        """
        for name in ports_of(link):
            port = self.new.get(name)
            while port is not None:
                mac = port.mac_address or (self.old[port.name].mac_address if port.name in self.old else None)
                if mac is not None:
                    return mac
                below = [port.vlan.base_iface] if port.vlan is not None else list(ports_of(port))
                port = self.new.get(below[0] or "") if below else None
        return None

    def _options(self) -> Iterator[KernelStep]:
        for name in self._upwards(self.kept):
            old, new = self.old[name], self.new[name]
            if self._mac_differs(name) and new.mac_address is not None:
                yield SetMac(link=name, mac=new.mac_address)
            options = {key: value for key, value in self._bond_options(name).items() if key != "primary"}
            if options:
                yield SetBondOptions(link=name, options=options)
            if new.bridge is not None and old.bridge is not None and new.bridge.options is not None:
                differing = _differing(old.bridge.options or BridgeOptions(), new.bridge.options)
                if differing != BridgeOptions():
                    yield SetBridgeOptions(link=name, options=differing)

    def _attach(self) -> Iterator[KernelStep]:
        for name in self._upwards(set(self.new)):
            link = self.new[name]
            for port in ports_of(link):
                is_new = self.old_controllers.get(port) != name or name in self.created or port in self.created
                if is_new:
                    yield AttachPort(link=port, controller=name)
            yield from self._port_options(link)
            primary = (link.link_aggregation.options or {}).get("primary") if link.link_aggregation else None
            before = self.old[name].link_aggregation if name in self.kept else None
            if primary is not None and (before is None or (before.options or {}).get("primary") != primary):
                yield SetBondOptions(link=name, options={"primary": primary})  # it must be a port by then

    def _port_options(self, link: Interface) -> Iterator[KernelStep]:
        if link.bridge is None:
            return
        old = self.old.get(link.name) if link.name in self.kept else None
        before = {port.name: port for port in (old.bridge.ports or ())} if old is not None and old.bridge else {}
        for port in link.bridge.ports or ():
            wanted = (port.stp_hairpin_mode, port.stp_path_cost, port.stp_priority)
            if port != before.get(port.name) and wanted != (None, None, None):
                hairpin, cost, priority = wanted
                yield SetBridgePort(link=port.name, hairpin_mode=hairpin, path_cost=cost, priority=priority)

    def _enable(self) -> Iterator[KernelStep]:
        is_set_up: set[str] = set()
        for name in self._upwards(set(self.new)):
            new = self.new[name]
            old = self.old.get(name) if name in self.kept else None
            if new.ipv6 is not None:
                before = old.ipv6 if old is not None else None
                if before is None or (before.enabled, before.autoconf) != (new.ipv6.enabled, new.ipv6.autoconf):
                    yield SetIpv6(link=name, enabled=new.ipv6.enabled, autoconf=new.ipv6.autoconf)
            if new.state == "up" and (old is None or old.state != "up" or name in self.downed | self.moved):
                is_set_up.add(name)
                yield SetUp(link=name)
            elif new.state == "down" and self._is_set_up_by_the_kernel(new, is_set_up):
                yield SetDown(link=name)

    def _is_set_up_by_the_kernel(self, link: Interface, is_set_up: set[str]) -> bool:
        """A bond sets its new ports up, and a link that is set up its VLANs."""
        if link.vlan is not None and link.vlan.base_iface in is_set_up:
            return True
        is_new_port = link.name in self.moved or self._new_controller(link.name) in self.created
        return is_new_port and self._is_bond(self.new_controllers, link.name)

    def _add_addresses(self) -> Iterator[KernelStep]:
        for name in self._upwards(set(self.new)):
            new = self.new[name]
            old = self.old.get(name) if name in self.kept else None
            present = () if old is None else self._addresses(old, "ipv4")
            deleted = set() if old is None else set(_ipv4_to_delete(present, self._addresses(new, "ipv4")))
            for one in self._addresses(new, "ipv4"):
                if one not in present or one in deleted:
                    yield AddAddress(link=name, ip=one.ip, prefix_length=one.prefix_length, broadcast=one.broadcast)
            present = () if old is None or self._loses_ipv6(name) else self._addresses(old, "ipv6")
            for one in self._addresses(new, "ipv6"):
                if one not in present:
                    yield AddAddress(link=name, ip=one.ip, prefix_length=one.prefix_length)

    def _is_ipv6_enabled_again(self, name: str) -> bool:
        old, new = self.old[name].ipv6, self.new[name].ipv6
        return new is not None and bool(new.enabled) and not (old is not None and old.enabled)

    def _loses_ipv6(self, name: str) -> bool:
        """Whether the kernel has deleted the IPv6 addresses of an existing link on the way."""
        old = self.old[name].ipv6
        return name in self.downed | self.moved or (old is not None and old.enabled is False)

    def _add_routes(self) -> Iterator[KernelStep]:
        touched = self.created | self.downed | self.moved | self.readdressed
        touched |= {name for name in self.kept if self._is_ipv6_enabled_again(name)}
        for route in sorted(self.new_routes, key=_route_order):
            if route not in self.old_routes or route.next_hop_interface in touched:
                yield AddRoute(**_route(route))


def _ipv4_to_delete(old: tuple[IpAddress, ...], new: tuple[IpAddress, ...]) -> list[IpAddress]:
    """Return the addresses to delete, secondary ones first.

    The first address of a network is the primary one, and the kernel deletes the others with it. So from the first
    difference on all addresses of a network are deleted, and added in the new order.
    """
    wanted = networks(new)
    gone: list[IpAddress] = []
    for network, addresses in networks(old).items():
        kept = 0
        for present, asked in zip(addresses, wanted.get(network, ()), strict=False):
            if present != asked:
                break
            kept += 1
        gone += reversed(addresses[kept:])
    return gone


def _differing(old: BridgeOptions, new: BridgeOptions) -> BridgeOptions:
    """Return the options that change, and all of the spanning tree if one of them does."""
    return BridgeOptions(**{
        name: getattr(new, name) if getattr(old, name) != getattr(new, name) else None
        for name in record_fields(BridgeOptions)
    })  # fmt: skip


def _route(route: RouteEntry) -> dict[str, Any]:
    return {
        "destination": route.destination,
        "link": route.next_hop_interface,
        "gateway": route.next_hop_address,
        "metric": route.metric,
        "table": route.table_id or MAIN_TABLE,
    }


def _route_order(route: RouteEntry) -> tuple[Any, ...]:
    """Routes on the link come first: the gateway of another may be reached by them."""
    return (
        route.next_hop_address is not None, route.destination or "", route.metric or 0,
        route.next_hop_interface or "", route.table_id or MAIN_TABLE,
    )  # fmt: skip
