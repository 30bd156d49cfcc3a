"""Requests that add and delete addresses and routes, linux/if_addr.h and linux/rtnetlink.h."""

from __future__ import annotations

from ipaddress import IPv4Interface, ip_address, ip_interface, ip_network
from socket import AF_INET, AF_INET6
from struct import pack

from .encode import attribute, number

RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE, RTM_DELROUTE = 20, 21, 24, 25
IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST = 1, 2, 4
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_TABLE = 1, 4, 5, 6, 15
RTPROT_BOOT, RTPROT_STATIC = 3, 4
RT_SCOPE_UNIVERSE, RT_SCOPE_LINK, RT_SCOPE_NOWHERE = 0, 253, 255
RTN_UNICAST = 1
FAMILIES = {4: AF_INET, 6: AF_INET6}


def address(index: int, ip: str, prefix_length: int, broadcast: str | None = None) -> bytes:
    """Return ifaddrmsg with an address; an IPv4 network of 4 addresses and more has a broadcast address."""
    whole = ip_interface(f"{ip}/{prefix_length}")
    attributes = attribute(IFA_LOCAL, whole.packed) + attribute(IFA_ADDRESS, whole.packed)
    if isinstance(whole, IPv4Interface) and (broadcast is not None or prefix_length < 31):
        last = ip_address(broadcast) if broadcast is not None else whole.network.broadcast_address
        attributes += attribute(IFA_BROADCAST, last.packed)
    return pack("=BBBBI", FAMILIES[whole.version], prefix_length, 0, RT_SCOPE_UNIVERSE, index) + attributes


def route(
    index: int,
    destination: str,
    gateway: str | None,
    metric: int | None,
    table: int,
    protocol: int = RTPROT_STATIC,
    *,
    is_exact: bool = True,
) -> bytes:
    """Return rtmsg with a route over one link; not ``is_exact``: of any scope, to delete it."""
    network = ip_network(destination)
    scope = RT_SCOPE_LINK if gateway is None and network.version == 4 else RT_SCOPE_UNIVERSE
    scope = scope if is_exact else RT_SCOPE_NOWHERE
    attributes = number(RTA_OIF, index) + number(RTA_TABLE, table)
    if network.prefixlen:
        attributes += attribute(RTA_DST, network.network_address.packed)
    if gateway is not None:
        attributes += attribute(RTA_GATEWAY, ip_address(gateway).packed)
    if metric is not None:
        attributes += number(RTA_PRIORITY, metric)
    head = pack(
        "=BBBBBBBBI", FAMILIES[network.version], network.prefixlen, 0, 0, table if table < 256 else 0, protocol, scope,
        RTN_UNICAST, 0,
    )  # fmt: skip
    return head + attributes
