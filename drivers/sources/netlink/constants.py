"""Names of rtnetlink constants, as iproute2 and rtnetlink(7) have them."""

from collections.abc import Sequence
from functools import lru_cache

LINKS_LIMIT = 65_536
"""Links of one machine that are read; a host of a thousand guests has three thousand."""
ADDRESSES_LIMIT = 4 * LINKS_LIMIT
_COMBINATIONS = 1024  # thousands of links share a few combinations
_LINK_FLAGS = (
    "up", "broadcast", "debug", "loopback", "pointopoint", "notrailers", "running", "noarp", "promisc", "allmulti",
    "master", "slave", "multicast", "portsel", "automedia", "dynamic", "lower_up", "dormant", "echo",
)  # fmt: skip
_ADDRESS_FLAGS = (
    "secondary", "nodad", "optimistic", "dadfailed", "home", "deprecated", "tentative", "permanent", "mngtmpaddr",
    "noprefixroute", "autojoin", "stable-privacy",
)  # fmt: skip
_HOP_FLAGS = ("dead", "pervasive", "onlink", "offload", "linkdown", "unresolved", "trap", "")
_ROUTE_FLAGS = (*_HOP_FLAGS, "notify", "cloned", "equalize", "prefix", "table_lookup", "fib_match", "rt_offload",
                "rt_trap")  # fmt: skip

STATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")
"""Operational states of RFC 2863 by number."""
SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
ROUTE_TYPES = (
    "unspecified", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit",
    "throw", "nat", "xresolve",
)  # fmt: skip
PROTOCOLS = {
    1: "redirect", 2: "kernel", 3: "boot", 4: "static", 8: "gated", 9: "ra", 10: "mrt", 11: "zebra", 12: "bird",
    13: "dnrouted", 14: "xorp", 15: "ntk", 16: "dhcp", 17: "mrouted", 18: "keepalived", 42: "babel", 84: "ovn",
    99: "openr", 186: "bgp", 187: "isis", 188: "ospf", 189: "rip", 192: "eigrp",
}  # fmt: skip


@lru_cache(maxsize=_COMBINATIONS)
def link_flags(bits: int) -> tuple[str, ...]:
    """Return the names of IFF_… flags, netdevice(7)."""
    return _flag_names(bits, _LINK_FLAGS)


@lru_cache(maxsize=_COMBINATIONS)
def address_flags(bits: int, *, is_ipv6: bool) -> tuple[str, ...]:
    """Return the names of IFA_F_… flags; without IFA_F_PERMANENT: dynamic; IPv6: temporary for IFA_F_SECONDARY."""
    names = _flag_names(bits, _ADDRESS_FLAGS)
    if is_ipv6 and names[:1] == ("secondary",):
        names = ("temporary", *names[1:])
    return names if bits & 0x80 else ("dynamic", *names)


@lru_cache(maxsize=_COMBINATIONS)
def route_flags(bits: int) -> tuple[str, ...]:
    """Return the names of RTNH_F_… and RTM_F_… flags."""
    return _flag_names(bits, _ROUTE_FLAGS)


def scope(number: int) -> str:
    """Return the name of an address or route scope; its number if it has no name."""
    return SCOPES.get(number) or str(number)


def _flag_names(bits: int, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for bit, name in enumerate(names) if name and bits >> bit & 1)
