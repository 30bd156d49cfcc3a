"""Check a merged state: the order of the layers, names, addresses and routes.

The kernel enforces almost none of the layer order: it lets a NIC leave its bond silently for a bridge, puts a bridge
into a bond, and keeps addresses on ports, where they receive nothing. All faults of a request are returned at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from hostinfo.model.network import Link, Network
from hostinfo.model.network_state import Interface, NetworkState
from hostinfo.suggestions import did_you_mean

from .backend import Fault
from .check_bond import check_bond
from .check_ip import check_addresses, check_kept_routes, check_routes
from .stack import CREATED_TYPES, by_name, controllers, ports_of, vlans_on

NAME_BYTES = 15
"""IFNAMSIZ less the null."""
MIN_MTU, MAX_MTU, MIN_IPV6_MTU = 68, 65535, 1280
SECTIONS = {"bond": "link_aggregation", "vlan": "vlan", "linux-bridge": "bridge"}
KEYS = {"link_aggregation": "link-aggregation", "vlan": "vlan", "bridge": "bridge"}


def validate(current: NetworkState, request: NetworkState, desired: NetworkState, network: Network) -> list[Fault]:
    """Return every reason for which the desired state is refused.

    ``network`` has the links that the states leave out: those of guests, containers and other owners.
    """
    context = _Context(current, request, desired, network)
    faults: list[Fault] = []
    for link in request.interfaces:
        faults += _check_request(link, context)
    for link in desired.interfaces:
        faults += _check_interface(link, context)
        faults += check_bond(link, context.old.get(link.name))
        faults += check_addresses(link, context.named.get(link.name))
    faults += _check_ports(context)
    faults += _check_removed(context)
    faults += _check_lost_addresses(context)
    faults += check_routes(request, desired, {link.name for link in network.links})
    faults += check_kept_routes(current, desired)
    return list(dict.fromkeys(faults))


class _Context:
    """The states, indexed by name."""

    def __init__(self, current: NetworkState, request: NetworkState, desired: NetworkState, network: Network) -> None:
        self.old = by_name(current)
        self.named = by_name(request)
        self.new = by_name(desired)
        self.facts: Mapping[str, Link] = {link.name: link for link in network.links}
        self.controllers = controllers(desired.interfaces)
        self.vlans: dict[tuple[object, ...], str] = {}
        """(base, number, protocol) of the VLANs checked so far."""


def _fault(link: Interface, key: str, message: str) -> Fault:
    return Fault(path=f"interfaces[{link.name}]{key and '.'}{key}", message=message)


def _check_request(link: Interface, context: _Context) -> Iterator[Fault]:
    """Check what can be seen before the request is merged."""
    yield from _check_name(link)
    old, fact = context.old.get(link.name), context.facts.get(link.name)
    if old is None and fact is not None:
        yield _fault(link, "", f"a link of kind {fact.kind}, which hostinfo does not manage")
        return
    kind = link.type or (old.type if old else None)
    if link.state == "absent":
        if old is None:
            hint = did_you_mean(link.name, context.old)
            yield _fault(link, "state", f"nothing to remove: there is no such interface{hint}")
        return
    if old is None and link.type is None:
        yield _fault(link, "type", f"missing, and there is no such interface{did_you_mean(link.name, context.old)}")
    elif old is None and link.type == "ethernet":
        yield _fault(link, "", f"there is no such NIC{did_you_mean(link.name, context.old)}")
    elif old is not None and link.type not in (None, old.type) and "ethernet" in (link.type, old.type):
        yield _fault(link, "type", f"the interface is of type {old.type}")
    for section_kind, section in SECTIONS.items():
        if getattr(link, section) is not None and kind is not None and kind != section_kind:
            yield _fault(link, KEYS[section], f"an interface of type {kind} has none")


def _check_name(link: Interface) -> Iterator[Fault]:
    name = link.name
    if len(name.encode("utf-8", "surrogateescape")) > NAME_BYTES:
        yield _fault(link, "name", f"longer than {NAME_BYTES} bytes")
    if name in (".", "..", "all", "default") or not name.isprintable() or set(name) & set("/: "):
        yield _fault(link, "name", "no name of an interface: no slash, colon or blank, and not all or default")


def _check_interface(link: Interface, context: _Context) -> Iterator[Fault]:
    if link.vlan is not None:
        yield from _check_vlan(link, context)
    if link.mtu is not None and link != context.old.get(link.name):
        yield from _check_mtu(link, context)
    mac = link.mac_address
    if mac is not None and link.name in context.named and context.named[link.name].mac_address is not None:
        first = int(mac[:2], 16)
        if first & 1 or set(mac) <= set("0:"):
            yield _fault(link, "mac-address", f"{mac} is a group address or zero; an interface cannot have it")


def _check_vlan(link: Interface, context: _Context) -> Iterator[Fault]:
    vlan = link.vlan
    assert vlan is not None  # noqa: S101 - for type checkers
    if vlan.id is None or not 1 <= vlan.id <= 4094:
        yield _fault(link, "vlan.id", "missing" if vlan.id is None else f"{vlan.id} is not between 1 and 4094")
    if vlan.base_iface is None:
        yield _fault(link, "vlan.base-iface", "missing")
        return
    base = context.new.get(vlan.base_iface)
    if base is None:
        if vlan.base_iface in context.facts:
            if link != context.old.get(link.name):
                kind = context.facts[vlan.base_iface].kind
                yield _fault(link, "vlan.base-iface", f"{vlan.base_iface} is of kind {kind}; use a NIC or bond")
        else:
            hint = did_you_mean(vlan.base_iface, context.new)
            yield _fault(link, "vlan.base-iface", f"there is no interface {vlan.base_iface}{hint}")
        return
    if base.type not in ("ethernet", "bond"):
        order = "the order is NIC, bond, VLAN, bridge"
        yield _fault(link, "vlan.base-iface", f"{base.name} is of type {base.type}; use a NIC or bond: {order}")
    controller = context.new.get(context.controllers.get(base.name, ""))
    if controller is not None and controller.type == "bond":
        yield _fault(link, "vlan.base-iface", f"{base.name} is a port of {controller.name}; use {controller.name}")
    if link.state == "up" and base.state != "up":
        yield _fault(link, "state", f"a VLAN cannot be up while {base.name} is down; set {base.name} up as well")
    twin = context.vlans.setdefault((base.name, vlan.id, vlan.protocol), link.name)
    if twin != link.name:
        yield _fault(link, "vlan.id", f"{twin} has the number {vlan.id} on {base.name} already")


def _check_mtu(link: Interface, context: _Context) -> Iterator[Fault]:
    mtu = link.mtu or 0
    if not MIN_MTU <= mtu <= MAX_MTU:
        yield _fault(link, "mtu", f"{mtu} is not between {MIN_MTU} and {MAX_MTU}")
    elif link.ipv6 is not None and link.ipv6.enabled and mtu < MIN_IPV6_MTU:
        yield _fault(link, "mtu", f"IPv6 needs at least {MIN_IPV6_MTU}; disable IPv6 or raise the MTU")
    base = context.new.get(link.vlan.base_iface or "") if link.vlan else None
    if base is not None and base.mtu is not None and mtu > base.mtu:
        yield _fault(
            link, "mtu", f"{mtu} is more than the {base.mtu} of {base.name}; raise that of {base.name} as well"
        )


def _check_ports(context: _Context) -> Iterator[Fault]:
    """Check what is a port of what, wherever the request changes it."""
    owner: dict[str, Interface] = {}
    for link in context.new.values():
        before = context.old.get(link.name)
        key = "link-aggregation.port" if link.type == "bond" else "bridge.port"
        for port, times in Counter(ports_of(link)).items():
            if times > 1:
                yield _fault(link, key, f"{port} is listed twice")
            if port in owner and owner[port].name != link.name:
                yield _fault(link, key, f"{port} is also a port of {owner[port].name}; list it there or here")
            owner[port] = link
            if before is None or port not in ports_of(before):
                yield from _check_new_port(link, port, key, context)
        yield from _check_loop(link, key, context)


def _check_new_port(link: Interface, name: str, key: str, context: _Context) -> Iterator[Fault]:
    port, fact = context.new.get(name), context.facts.get(name)
    if name == link.name:
        yield _fault(link, key, "an interface cannot be a port of itself")
    elif port is None and fact is None:
        yield _fault(link, key, f"there is no interface {name}{did_you_mean(name, context.new)}")
    elif port is None and fact is not None:
        if fact.kind == "loopback":
            yield _fault(link, key, f"{name} is the loopback interface")
        elif link.type == "bond":
            yield _fault(link, key, f"{name} is of kind {fact.kind}; a bond takes NICs")
        elif fact.controller not in (None, link.name):
            yield _fault(link, key, f"{name} is a port of {fact.controller}, and hostinfo does not manage it")
    elif port is not None and link.type == "bond" and port.type != "ethernet":
        order = "the order is NIC, bond, VLAN, bridge"
        yield _fault(link, key, f"{name} is of type {port.type}; a bond takes NICs: {order}")
    elif port is not None and port.type == "linux-bridge":
        yield _fault(link, key, f"{name} is a bridge; a bridge cannot be a port of another")


def _check_loop(link: Interface, key: str, context: _Context) -> Iterator[Fault]:
    """An interface and a VLAN on it as ports of one bridge: frames would circle."""
    ports = set(ports_of(link)) if link.type == "linux-bridge" else set()
    before = context.old.get(link.name)
    for name in sorted(ports):
        port = context.new.get(name)
        base = port.vlan.base_iface if port is not None and port.vlan is not None else None
        if base in ports and (before is None or not {name, base} <= set(ports_of(before))):
            yield _fault(link, key, f"{base} and its VLAN {name} would make a loop; list one of them")


def _check_removed(context: _Context) -> Iterator[Fault]:
    """Check that nothing is lost with an interface that is removed or created again."""
    vlans = vlans_on(context.new.values())
    for name, old in context.old.items():
        new = context.new.get(name)
        if old.type not in CREATED_TYPES or (new is not None and not is_recreated(old, new)):
            continue
        what = "removed" if new is None else "created again"
        guests = [port for port in ports_of(old) if port not in context.old]
        on_top = [link.name for link in context.facts.values() if name in link.lower and link.name not in context.old]
        for other in sorted({*guests, *on_top}):
            kind = context.facts[other].kind if other in context.facts else "another kind"
            yield _fault(old, "", f"{other} (of kind {kind}) uses it; it cannot be {what} before {other} is gone")
        if new is None:
            for vlan in vlans.get(name, ()):
                yield _fault(old, "state", f"{vlan} is a VLAN on it; remove {vlan} as well")


def _check_lost_addresses(context: _Context) -> Iterator[Fault]:
    """Check that addresses of an interface that becomes a port are kept elsewhere or given up by name."""
    ports_before = controllers(context.old.values())
    kept = {
        address.ip
        for link in context.new.values()
        for ip in (link.ipv4, link.ipv6)
        if ip is not None
        for address in ip.addresses or ()
    }
    for name, controller in context.controllers.items():
        link, old, asked = context.new.get(name), context.old.get(name), context.named.get(name)
        if link is None:
            continue
        for family in ("ipv4", "ipv6"):
            wanted = getattr(asked, family) if asked else None
            is_unchanged = name in ports_before and old is not None and wanted == getattr(old, family)
            if wanted is not None and not is_unchanged and (wanted.addresses or wanted.dhcp or wanted.autoconf):
                yield _fault(link, family, f"a port of {controller} has no addresses; give them to {controller}")
                continue
            before = getattr(old, family) if old is not None else None
            has_said = wanted is not None and (wanted.enabled is False or wanted.addresses == ())
            for address in (before.addresses or ()) if before is not None and not has_said else ():
                if address.ip not in kept and name not in ports_before:
                    message = (
                        f"becomes a port of {controller}, and its address {address.ip}/{address.prefix_length} "
                        f"would be lost; give it to {controller}, or set {family}.enabled to false"
                    )
                    yield _fault(link, family, message)


def is_recreated(old: Interface, new: Interface) -> bool:
    """Whether an interface must be deleted and created: the kernel cannot change this property of it."""
    if old.type != new.type:
        return True
    if old.vlan is not None and new.vlan is not None:
        return old.vlan != new.vlan
    if old.link_aggregation is not None and new.link_aggregation is not None:
        before, after = old.link_aggregation, new.link_aggregation
        name = "fail_over_mac"  # BOND_OPTFLAG_NOSLAVES: only without ports
        return before.mode != after.mode or (before.options or {}).get(name) != (after.options or {}).get(name)
    return False
