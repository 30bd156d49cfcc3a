"""Random requests for whole states, of four NICs and what is stacked on them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

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
from hostinfo.record import replace

NICS = 4
OFF = IpConfiguration(enabled=False)
MODES = ("balance-rr", "active-backup", "802.3ad", "balance-xor")


@st.composite
def requests(draw: st.DrawFn) -> NetworkState:
    """Return a request that is valid by itself, whatever the state before; ``absent`` entries are not in it."""
    free = [f"nic{number}" for number in range(NICS)]
    links: dict[str, Interface] = {
        name: Interface(name=name, type="ethernet", state=draw(st.sampled_from(["up", "up", "down"]))) for name in free
    }
    for number in range(draw(st.integers(0, 2))):
        nics = [name for name in free if name.startswith("nic")]
        ports = draw(st.lists(st.sampled_from(nics), unique=True, max_size=3)) if nics else []
        free = [name for name in free if name not in ports]
        links[f"bond{number}"] = Interface(
            name=f"bond{number}", type="bond", state=draw(st.sampled_from(["up", "up", "down"])),
            link_aggregation=LinkAggregation(mode=(mode := draw(st.sampled_from(MODES))), ports=tuple(ports),
                                             options=draw(bond_options(mode, ports))),
            mtu=draw(st.sampled_from([None, 1500, 9000])),
        )  # fmt: skip
        for port in ports:
            links[port] = Interface(name=port, type="ethernet", state="up")
        free.append(f"bond{number}")
    bases = list(free)
    used: set[tuple[str, int]] = set()
    for number in range(draw(st.integers(0, 3)) if bases else 0):
        base, tag = draw(st.sampled_from(bases)), draw(st.sampled_from([10, 20, 4094]))
        if (base, tag) in used:
            continue
        used.add((base, tag))
        state = draw(st.sampled_from(["up", "up", "down"])) if links[base].state == "up" else "down"
        vlan = VlanConfiguration(base_iface=base, id=tag, protocol=draw(st.sampled_from(["802.1q", "802.1ad"])))
        links[f"vlan{number}"] = Interface(name=f"vlan{number}", type="vlan", state=state, vlan=vlan)
        free.append(f"vlan{number}")
    for number in range(draw(st.integers(0, 2))):
        chosen = draw(st.lists(st.sampled_from(free), unique=True, max_size=3)) if free else []
        bases_in_use = {base for base, _ in used}
        chosen = [name for name in chosen if name not in bases_in_use and not name.startswith("br")]
        free = [name for name in free if name not in chosen]
        options = BridgeOptions(
            mac_ageing_time=draw(st.sampled_from([None, 300, 10])),
            multicast_snooping=draw(st.sampled_from([None, False])),
        )
        bridge = BridgeConfiguration(ports=tuple(BridgePort(name=name) for name in chosen), options=options)
        links[f"br{number}"] = Interface(
            name=f"br{number}", type="linux-bridge", state=draw(st.sampled_from(["up", "down"])), bridge=bridge
        )
        free.append(f"br{number}")
    for name in free:
        links[name] = with_addresses(links[name], draw)
    for name in set(links) - set(free):
        links[name] = replace(links[name], ipv4=OFF, ipv6=OFF)
    routes = draw(st.lists(route(links), max_size=4, unique_by=lambda one: (one.destination, one.metric)))
    return NetworkState(
        interfaces=tuple(links.values()), routes=Routes(config=tuple(r for r in routes if r.destination))
    )


@st.composite
def bond_options(draw: st.DrawFn, mode: str, ports: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if draw(st.booleans()):
        found["miimon"] = draw(st.sampled_from([0, 100]))
    if mode == "802.3ad" and draw(st.booleans()):
        found["lacp_rate"] = draw(st.sampled_from(["slow", "fast"]))
    if mode == "active-backup" and ports and draw(st.booleans()):
        found["primary"] = draw(st.sampled_from(ports))
    return found


def with_addresses(link: Interface, draw: st.DrawFn) -> Interface:
    four = draw(st.lists(st.sampled_from(FOUR), unique=True, max_size=4))
    six = draw(st.lists(st.sampled_from(SIX), unique=True, max_size=2))
    enabled = bool(six) or draw(st.booleans())
    ipv4 = IpConfiguration(enabled=bool(four), addresses=tuple(four))
    ipv6 = IpConfiguration(enabled=enabled, autoconf=enabled and draw(st.booleans()), addresses=tuple(six))
    return replace(link, ipv4=ipv4, ipv6=ipv6)


FOUR = [IpAddress(ip=f"192.0.2.{host}", prefix_length=24) for host in (1, 2, 3)] + [
    IpAddress(ip="198.51.100.1", prefix_length=24),
    IpAddress(ip="198.51.100.2", prefix_length=25),
    IpAddress(ip="203.0.113.1", prefix_length=24, broadcast="203.0.113.7"),
]
SIX = [IpAddress(ip=f"2001:db8::{host}", prefix_length=64) for host in (1, 2)]


@st.composite
def route(draw: st.DrawFn, links: dict[str, Interface]) -> RouteEntry:
    """Return a route over an interface that has addresses; one without a destination where there is none."""
    usable = [
        (link, ip)
        for link in links.values()
        if link.state == "up"
        for ip in (link.ipv4, link.ipv6)
        if ip is not None and ip.addresses
    ]
    if not usable:
        return RouteEntry()
    link, ip = draw(st.sampled_from(usable))
    address = next(iter(ip.addresses or FOUR))
    is_ipv6 = ":" in address.ip
    destination = draw(st.sampled_from(["::/0", "2001:db8:9::/48"] if is_ipv6 else ["0.0.0.0/0", "10.0.0.0/8"]))
    gateway = address.ip.rpartition(":" if is_ipv6 else ".")
    hop = draw(st.sampled_from([None, f"{gateway[0]}{gateway[1]}77"]))
    return RouteEntry(
        destination=destination, next_hop_interface=link.name, next_hop_address=hop,
        metric=draw(st.sampled_from([None, 100])),
    )  # fmt: skip
