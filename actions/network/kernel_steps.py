"""Carry out steps by rtnetlink and /proc/sys/net; each may be repeated without harm."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from errno import EACCES, EADDRNOTAVAIL, EEXIST, EINVAL, ENODEV, ENOENT, EPERM, ESRCH
from functools import singledispatchmethod
from socket import if_nametoindex
from typing import Any

from hostinfo.drivers.sources.netlink.dump_socket import dump
from hostinfo.drivers.sources.netlink.links import parse_links
from hostinfo.drivers.sources.netlink.routes import parse_routes
from hostinfo.errors import ActionFailed, DriverError

from . import steps
from .rtnetlink import addresses, links
from .rtnetlink.encode import hardware_address, number
from .rtnetlink.links import RTM_DELLINK, RTM_NEWLINK, RTM_SETLINK
from .rtnetlink.request_socket import NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, RequestSocket

OWN_PROTOCOLS = {"static": addresses.RTPROT_STATIC, "boot": addresses.RTPROT_BOOT}
"""Protocols of the routes that administrators add."""
IPV6_SETTINGS = "/proc/sys/net/ipv6/conf"


class KernelSteps:
    """Carries out steps in this network namespace."""

    def __init__(self) -> None:
        self._socket = RequestSocket()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def apply(self, step: steps.KernelStep) -> None:
        """Carry out one step. ActionFailed: the kernel refused it, with the kernel's reason."""
        try:
            self._apply(step)
        except (OSError, DriverError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ActionFailed(describe(step), reason) from error

    @singledispatchmethod
    def _apply(self, step: Any) -> None:
        raise TypeError(f"no step: {step!r}")

    @_apply.register
    def _(self, step: steps.SetUp) -> None:
        payload = links.link(link_index(step.link), flags=links.IFF_UP, change=links.IFF_UP)
        self._socket.request(RTM_NEWLINK, payload)

    @_apply.register
    def _(self, step: steps.SetDown) -> None:
        self._socket.request(RTM_NEWLINK, links.link(link_index(step.link), change=links.IFF_UP))

    @_apply.register
    def _(self, step: steps.CreateBond) -> None:
        try:
            self._create_bond(step, step.options)
        except OSError as error:
            if error.errno not in (EACCES, EINVAL, EPERM) or not step.options:
                raise
            # One option that this kernel refuses in this mode must not keep the bond from being there. What the bond
            # lacks is found when it is read again.
            self._create_bond(step, {})
            for name, value in step.options.items():
                with suppress_errors(EACCES, EINVAL, EPERM):
                    self._apply(steps.SetBondOptions(link=step.link, options={name: value}))

    @_apply.register
    def _(self, step: steps.CreateVlan) -> None:
        base = number(links.IFLA_LINK, link_index(step.base))
        data = links.vlan_data(step.id, step.protocol)
        self._create(step.link, lambda: links.new_link(step.link, "vlan", data, step.mac, step.mtu, base))

    @_apply.register
    def _(self, step: steps.CreateBridge) -> None:
        data = links.bridge_data(step.options)
        self._create(step.link, lambda: links.new_link(step.link, "bridge", data, step.mac, step.mtu))

    def _create_bond(self, step: steps.CreateBond, options: Mapping[str, str | int | bool]) -> None:
        data = links.bond_data(step.mode, options, {})
        self._create(step.link, lambda: links.new_link(step.link, "bond", data, step.mac, step.mtu))

    def _create(self, name: str, payload: Callable[[], bytes]) -> None:
        try:
            self._socket.request(RTM_NEWLINK, payload(), NLM_F_CREATE | NLM_F_EXCL)
        except OSError as error:
            if error.errno == EEXIST and (found := self._kind(name)) is not None:
                raise OSError(EEXIST, f"a link of this name and kind {found} exists") from error
            raise

    @staticmethod
    def _kind(name: str) -> str | None:
        for record in parse_links(dump("links")):
            if record.name == name:
                return str(record.facts.get("kind") or "physical")
        return None

    @_apply.register
    def _(self, step: steps.DeleteLink) -> None:
        with suppress_errors(ENODEV):
            self._socket.request(RTM_DELLINK, links.link(link_index(step.link)))

    @_apply.register
    def _(self, step: steps.AttachPort) -> None:
        index, controller = link_index(step.link), link_index(step.controller)
        self._socket.request(RTM_NEWLINK, links.link(index, number(links.IFLA_MASTER, controller)))

    @_apply.register
    def _(self, step: steps.DetachPort) -> None:
        self._socket.request(RTM_NEWLINK, links.link(link_index(step.link), number(links.IFLA_MASTER, 0)))

    @_apply.register
    def _(self, step: steps.SetMtu) -> None:
        payload = links.link(link_index(step.link), number(links.IFLA_MTU, step.mtu))
        self._socket.request(RTM_NEWLINK, payload)

    @_apply.register
    def _(self, step: steps.SetMac) -> None:
        payload = links.link(link_index(step.link), hardware_address(links.IFLA_ADDRESS, step.mac))
        self._socket.request(RTM_NEWLINK, payload)

    @_apply.register
    def _(self, step: steps.SetBondOptions) -> None:
        primary = str(step.options.get("primary", ""))
        indexes = {primary: link_index(primary)} if primary else {}
        info = links.link_info("bond", links.bond_data(None, step.options, indexes))
        self._socket.request(RTM_NEWLINK, links.link(link_index(step.link), info))

    @_apply.register
    def _(self, step: steps.SetBridgeOptions) -> None:
        info = links.link_info("bridge", links.bridge_data(step.options))
        self._socket.request(RTM_NEWLINK, links.link(link_index(step.link), info))

    @_apply.register
    def _(self, step: steps.SetBridgePort) -> None:
        options = links.port_data(hairpin_mode=step.hairpin_mode, path_cost=step.path_cost, priority=step.priority)
        payload = links.link(link_index(step.link), options, family=links.AF_BRIDGE)
        self._socket.request(RTM_SETLINK, payload)

    @_apply.register
    def _(self, step: steps.SetIpv6) -> None:
        if step.enabled is not None:
            write_ipv6(step.link, "disable_ipv6", int(not step.enabled))
        if step.autoconf is not None and not (step.enabled is False and not os.path.isdir(IPV6_SETTINGS)):
            set_autoconf(step.link, is_enabled=step.autoconf)

    @_apply.register
    def _(self, step: steps.AddAddress) -> None:
        payload = addresses.address(link_index(step.link), step.ip, step.prefix_length, step.broadcast)
        self._socket.request(addresses.RTM_NEWADDR, payload, NLM_F_CREATE | NLM_F_REPLACE)

    @_apply.register
    def _(self, step: steps.DeleteAddress) -> None:
        with suppress_errors(EADDRNOTAVAIL, ENODEV):
            payload = addresses.address(link_index(step.link), step.ip, step.prefix_length)
            self._socket.request(addresses.RTM_DELADDR, payload)

    @_apply.register
    def _(self, step: steps.AddRoute) -> None:
        payload = addresses.route(link_index(step.link), step.destination, step.gateway, step.metric, step.table)
        self._socket.request(addresses.RTM_NEWROUTE, payload, NLM_F_CREATE | NLM_F_REPLACE)

    @_apply.register
    def _(self, step: steps.DeleteRoute) -> None:
        with suppress_errors(ESRCH, ENOENT, ENODEV):
            index = link_index(step.link)
            for protocol in _protocols(step, index):
                payload = addresses.route(
                    index, step.destination, step.gateway, step.metric, step.table, protocol, is_exact=False
                )
                self._socket.request(addresses.RTM_DELROUTE, payload)


def _protocols(step: steps.DeleteRoute, index: int) -> list[int]:
    """Return the protocols of the routes that are exactly the one to delete, never those of another owner.

    In an IPv4 request, no metric means any: the kernel would delete a route with another one.
    """
    is_ipv6 = ":" in step.destination
    destination = "default" if step.destination in ("0.0.0.0/0", "::/0") else step.destination
    wanted = (destination, step.gateway, step.metric or None, step.table)
    return [
        OWN_PROTOCOLS[route.protocol]
        for route in parse_routes(dump("routes6" if is_ipv6 else "routes4"), {index: step.link})
        if (route.destination, route.gateway, route.metric or None, route.table) == wanted
        and route.protocol in OWN_PROTOCOLS
    ]


def link_index(name: str) -> int:
    """Return the index of a link; OSError with ENODEV if there is none (Python's own has no number before 3.13)."""
    try:
        return if_nametoindex(name)
    except OSError as error:
        raise OSError(ENODEV, f"there is no link {name}") from error


class suppress_errors(suppress):  # noqa: N801 - as contextlib.suppress
    """Ignore OSError with some error numbers: the step has nothing to do."""

    def __init__(self, *numbers: int) -> None:
        super().__init__(OSError)
        self._numbers = numbers

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        """Return whether the error is ignored."""
        return isinstance(error, OSError) and error.errno in self._numbers


def set_autoconf(link: str, *, is_enabled: bool) -> None:
    """Enable or disable addresses from router advertisements; a host that forwards needs accept_ra = 2."""
    if not is_enabled:
        write_ipv6(link, "autoconf", 0)
        write_ipv6(link, "accept_ra", 0)
        return
    with open(f"{IPV6_SETTINGS}/{link}/forwarding", encoding="ascii") as file:
        is_router = file.read().strip() != "0"
    write_ipv6(link, "accept_ra", 2 if is_router else 1)
    write_ipv6(link, "autoconf", 1)


def write_ipv6(link: str, name: str, value: int) -> None:
    """Write a setting of /proc/sys/net/ipv6/conf; a kernel without IPv6 has it disabled already."""
    if name == "disable_ipv6" and value == 1 and not os.path.isdir(IPV6_SETTINGS):
        return
    with open(f"{IPV6_SETTINGS}/{link}/{name}", "w", encoding="ascii") as file:
        file.write(f"{value}\n")


def describe(step: steps.KernelStep) -> str:
    """Return what a step does, unique within a plan."""
    return _DESCRIPTIONS[type(step)](step)


_DESCRIPTIONS: dict[type, Callable[[Any], str]] = {
    steps.SetUp: lambda step: f"set {step.link} up",
    steps.SetDown: lambda step: f"set {step.link} down",
    steps.CreateBond: lambda step: f"create bond {step.link}, {step.mode}",
    steps.CreateVlan: lambda step: f"create VLAN {step.link}, number {step.id} on {step.base}",
    steps.CreateBridge: lambda step: f"create bridge {step.link}",
    steps.DeleteLink: lambda step: f"delete {step.link}",
    steps.AttachPort: lambda step: f"make {step.link} a port of {step.controller}",
    steps.DetachPort: lambda step: f"take {step.link} out of its bond or bridge",
    steps.SetMtu: lambda step: f"set the MTU of {step.link} to {step.mtu}",
    steps.SetMac: lambda step: f"set the hardware address of {step.link} to {step.mac}",
    steps.SetBondOptions: lambda step: f"set {', '.join(step.options)} of {step.link}",
    steps.SetBridgeOptions: lambda step: f"set options of bridge {step.link}",
    steps.SetBridgePort: lambda step: f"set options of port {step.link}",
    steps.SetIpv6: lambda step: f"{'enable' if step.enabled else 'disable'} IPv6 on {step.link}",
    steps.AddAddress: lambda step: f"add {step.ip}/{step.prefix_length} to {step.link}",
    steps.DeleteAddress: lambda step: f"delete {step.ip}/{step.prefix_length} from {step.link}",
    steps.AddRoute: lambda step: f"add the route {_route(step)}",
    steps.DeleteRoute: lambda step: f"delete the route {_route(step)}",
}


def _route(step: steps.AddRoute | steps.DeleteRoute) -> str:
    via = f" via {step.gateway}" if step.gateway else ""
    metric = f" metric {step.metric}" if step.metric else ""
    table = f" table {step.table}" if step.table != 254 else ""
    return f"{step.destination}{via} dev {step.link}{metric}{table}"
