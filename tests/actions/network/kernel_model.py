"""The kernel's rules for links, addresses and routes, as measured on Linux 6.1 and read in its source.

It refuses what the kernel refuses, and loses what the kernel loses, so that a plan that works here works there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

from hostinfo.actions.network import steps
from hostinfo.model.network_state import (
    BridgeConfiguration,
    BridgeOptions,
    BridgePort,
    Interface,
    IpAddress,
    IpConfiguration,
    LinkAggregation,
    NetworkState,
    RouteEntry,
    Routes,
    VlanConfiguration,
)

BRIDGE_DEFAULTS: dict[str, Any] = {"mac_ageing_time": 300, "multicast_snooping": True, "group_forward_mask": 0}


CAPITAL = re.compile(r"([A-Z])")


class Refused(Exception):
    """The kernel's answer is an error."""


@dataclass
class Link:
    name: str
    type: str
    mac: str
    mtu: int = 1500
    up: bool = False
    controller: str | None = None
    mode: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    base: str = ""
    id: int = 0
    protocol: str = ""
    ports: list[str] = field(default_factory=list)
    ipv6: bool = True
    autoconf: bool = False
    addresses: list[IpAddress] = field(default_factory=list)
    before_bond: tuple[str, int] | None = None


class Kernel:
    """Links, addresses and routes, changed by steps."""

    def __init__(self, nics: int) -> None:
        self.links = {
            f"nic{number}": Link(f"nic{number}", "ethernet", f"52:54:00:00:00:{number:02x}") for number in range(nics)
        }
        self.routes: dict[tuple[str, int | None, int], RouteEntry] = {}
        self.made = 0

    def apply(self, step: steps.KernelStep) -> None:
        getattr(self, "do" + CAPITAL.sub(r"_\1", type(step).__name__).lower())(step)

    def link(self, name: str) -> Link:
        if name not in self.links:
            raise Refused(f"{name}: ENODEV")
        return self.links[name]

    def do_set_up(self, step: steps.SetUp) -> None:
        link = self.link(step.link)
        if link.base and not self.links[link.base].up:
            raise Refused(f"{link.name}: ENETDOWN")
        if not link.up:
            link.up = True
            for vlan in self.vlans(link.name):  # vlan_device_event, NETDEV_UP
                self.do_set_up(steps.SetUp(link=vlan.name))

    def do_set_down(self, step: steps.SetDown) -> None:
        self.close(self.link(step.link))

    def close(self, link: Link) -> None:
        if not link.up:
            return
        link.up = False
        link.addresses = [one for one in link.addresses if ":" not in one.ip]
        self.drop_routes(link.name)
        for vlan in self.vlans(link.name):
            self.close(vlan)

    def vlans(self, base: str) -> list[Link]:
        return [link for link in self.links.values() if link.base == base]

    def drop_routes(self, name: str, version: int | None = None) -> None:
        self.routes = {
            key: route
            for key, route in self.routes.items()
            if route.next_hop_interface != name or version not in (None, ip_network(route.destination or "").version)
        }

    def create(self, step: Any, kind: str, **values: Any) -> Link:
        if step.link in self.links:
            raise Refused(f"{step.link}: EEXIST")
        self.made += 1
        link = Link(step.link, kind, step.mac or f"02:00:00:00:{self.made >> 8:02x}:{self.made & 255:02x}", **values)
        if step.mtu is not None:
            link.mtu = step.mtu
        self.links[step.link] = link
        return link

    def do_create_bond(self, step: steps.CreateBond) -> None:
        self.create(step, "bond", mode=step.mode, options=dict(step.options))

    def do_create_vlan(self, step: steps.CreateVlan) -> None:
        base = self.link(step.base)
        if any((one.id, one.protocol) == (step.id, step.protocol) for one in self.vlans(base.name)):
            raise Refused(f"{step.link}: EEXIST")
        link = self.create(step, "vlan", base=base.name, id=step.id, protocol=step.protocol)
        link.mtu = step.mtu or base.mtu
        if step.mac is None:
            link.mac = base.mac
        if link.mtu > base.mtu:
            raise Refused(f"{step.link}: ERANGE")

    def do_create_bridge(self, step: steps.CreateBridge) -> None:
        self.create(step, "linux-bridge", options={"stp": False, **BRIDGE_DEFAULTS})
        self.set_bridge_options(step.link, step.options)

    def do_delete_link(self, step: steps.DeleteLink) -> None:
        link = self.link(step.link)
        if link.type == "ethernet":
            raise Refused(f"{link.name}: EOPNOTSUPP")
        for port in list(link.ports):
            self.do_detach_port(steps.DetachPort(link=port))
        if link.controller is not None:
            self.links[link.controller].ports.remove(link.name)
        for vlan in self.vlans(link.name):
            self.do_delete_link(steps.DeleteLink(link=vlan.name))
        self.drop_routes(link.name)
        del self.links[link.name]

    def do_attach_port(self, step: steps.AttachPort) -> None:
        port, controller = self.link(step.link), self.link(step.controller)
        if port.controller == controller.name:
            return
        if port.controller is not None:
            raise Refused(f"{port.name}: EBUSY")
        if controller.type == "bond":
            if port.up:
                raise Refused(f"{port.name}: EPERM")
            port.before_bond = (port.mac, port.mtu)
            port.mac, port.mtu, port.up = controller.mac, controller.mtu, True
        elif port.type == "linux-bridge":
            raise Refused(f"{port.name}: ELOOP")
        port.controller = controller.name
        controller.ports.append(port.name)

    def do_detach_port(self, step: steps.DetachPort) -> None:
        port = self.link(step.link)
        if port.controller is None:
            return
        controller = self.links[port.controller]
        controller.ports.remove(port.name)
        port.controller = None
        if controller.type == "bond":
            self.close(port)  # bond_release closes the port before it restores address and MTU
            assert port.before_bond is not None
            port.mac, port.mtu = port.before_bond
            port.before_bond = None

    def do_set_mtu(self, step: steps.SetMtu) -> None:
        link = self.link(step.link)
        if link.base and step.mtu > self.links[link.base].mtu:
            raise Refused(f"{link.name}: ERANGE")
        link.mtu = step.mtu
        for vlan in self.vlans(link.name):
            if vlan.mtu > link.mtu:
                self.do_set_mtu(steps.SetMtu(link=vlan.name, mtu=link.mtu))
        if link.type == "bond":
            for port in link.ports:
                self.links[port].mtu = step.mtu

    def do_set_mac(self, step: steps.SetMac) -> None:
        link = self.link(step.link)
        if link.type == "ethernet" and link.up:
            raise Refused(f"{link.name}: EBUSY")
        link.mac = step.mac

    def do_set_bond_options(self, step: steps.SetBondOptions) -> None:
        link = self.link(step.link)
        if link.up and {"lacp_rate", "ad_select", "lacp_active", "tlb_dynamic_lb", "ad_user_port_key"} & set(
            step.options
        ):
            raise Refused(f"{link.name}: EBUSY")
        if "primary" in step.options and step.options["primary"] not in link.ports:
            raise Refused(f"{link.name}: EINVAL")
        link.options |= step.options

    def do_set_bridge_options(self, step: steps.SetBridgeOptions) -> None:
        self.set_bridge_options(step.link, step.options)

    def set_bridge_options(self, name: str, options: BridgeOptions) -> None:
        link = self.link(name)
        for key in BRIDGE_DEFAULTS:
            if (value := getattr(options, key)) is not None:
                link.options[key] = value
        if options.stp is not None and options.stp.enabled is not None:
            link.options["stp"] = options.stp.enabled

    def do_set_bridge_port(self, step: steps.SetBridgePort) -> None:
        port = self.link(step.link)
        if port.controller is None:
            raise Refused(f"{port.name}: EINVAL")

    def do_set_ipv6(self, step: steps.SetIpv6) -> None:
        link = self.link(step.link)
        link.autoconf = link.autoconf if step.autoconf is None else step.autoconf
        link.ipv6 = link.ipv6 if step.enabled is None else step.enabled
        if not link.ipv6:
            link.addresses = [one for one in link.addresses if ":" not in one.ip]
            self.drop_routes(link.name, 6)

    def do_add_address(self, step: steps.AddAddress) -> None:
        link = self.link(step.link)
        if ":" in step.ip and not link.ipv6:
            raise Refused(f"{link.name}: EACCES")
        one = IpAddress(ip=step.ip, prefix_length=step.prefix_length, broadcast=step.broadcast)
        if one not in link.addresses:
            link.addresses.append(one)

    def do_delete_address(self, step: steps.DeleteAddress) -> None:
        link = self.link(step.link)
        found = [one for one in link.addresses if (one.ip, one.prefix_length) == (step.ip, step.prefix_length)]
        if not found:
            return
        version = ip_address(step.ip).version
        if version == 4:
            network = ip_interface(f"{step.ip}/{step.prefix_length}").network
            same = [one for one in link.addresses if ip_interface(f"{one.ip}/{one.prefix_length}").network == network]
            gone = same if same[0] == found[0] else found  # without promote_secondaries the others go with the primary
            link.addresses = [one for one in link.addresses if one not in gone]
        else:
            link.addresses.remove(found[0])
        if not any(ip_address(one.ip).version == version for one in link.addresses):
            self.drop_routes(link.name, version)

    def do_add_route(self, step: steps.AddRoute) -> None:
        link, network = self.link(step.link), ip_network(step.destination)
        if not link.up:
            raise Refused(f"{step.destination}: ENETDOWN")
        if network.version == 6 and not link.ipv6:
            raise Refused(f"{step.destination}: EINVAL")
        if step.gateway is not None and not self.is_on_link(step.gateway, link):
            raise Refused(f"{step.destination} via {step.gateway}: ENETUNREACH")
        route = RouteEntry(
            destination=step.destination, next_hop_interface=link.name, next_hop_address=step.gateway,
            metric=step.metric, table_id=step.table,
        )  # fmt: skip
        self.routes[step.destination, step.metric, step.table] = route

    def is_on_link(self, gateway: str, link: Link) -> bool:
        ip = ip_address(gateway)
        return any(ip in ip_interface(f"{one.ip}/{one.prefix_length}").network for one in link.addresses) or any(
            route.next_hop_interface == link.name
            and route.next_hop_address is None
            and ip in ip_network(route.destination or "")
            for route in self.routes.values()
        )

    def do_delete_route(self, step: steps.DeleteRoute) -> None:
        self.routes.pop((step.destination, step.metric, step.table), None)

    def state(self) -> NetworkState:
        """Return the state as a reader would."""
        return NetworkState(
            interfaces=tuple(self.interface(self.links[name]) for name in sorted(self.links)),
            routes=Routes(config=tuple(self.routes.values())),
        )

    def interface(self, link: Link) -> Interface:
        ipv4 = tuple(one for one in link.addresses if ":" not in one.ip)
        ipv6 = tuple(one for one in link.addresses if ":" in one.ip)
        bond = link.type == "bond"
        options = {key: value for key, value in link.options.items() if key in BRIDGE_DEFAULTS}
        return Interface(
            name=link.name,
            type=link.type,
            state="up" if link.up else "down",
            mac_address=link.before_bond[0] if link.before_bond and link.controller else link.mac,
            mtu=link.mtu,
            ipv4=IpConfiguration(enabled=bool(ipv4), dhcp=False, addresses=ipv4),
            ipv6=IpConfiguration(enabled=link.ipv6, dhcp=False, autoconf=link.autoconf, addresses=ipv6),
            link_aggregation=LinkAggregation(mode=link.mode, ports=tuple(link.ports), options=link.options)
            if bond
            else None,
            vlan=VlanConfiguration(base_iface=link.base, id=link.id, protocol=link.protocol) if link.base else None,
            bridge=BridgeConfiguration(
                ports=tuple(BridgePort(name=port) for port in link.ports), options=BridgeOptions(**options)
            )
            if link.type == "linux-bridge"
            else None,
        )
