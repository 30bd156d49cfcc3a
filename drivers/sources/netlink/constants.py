"""The kernel's numbers in words: iproute2's and rtnetlink(7)'s names."""

from collections.abc import Sequence
from functools import lru_cache

_COMBINATIONS = 1024  # thousands of links share a few: each is put into words once
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
"""RFC 2863's, by number; "unknown" tells nothing."""
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
    """IFF_…, netdevice(7)."""
    return _words(bits, _LINK_FLAGS)


@lru_cache(maxsize=_COMBINATIONS)
def address_flags(bits: int, *, is_ipv6: bool) -> tuple[str, ...]:
    """IFA_F_…; an address that is not permanent is dynamic, and IPv6 calls a secondary one temporary."""
    words = _words(bits, _ADDRESS_FLAGS)
    if is_ipv6 and words[:1] == ("secondary",):
        words = ("temporary", *words[1:])
    return words if bits & 0x80 else ("dynamic", *words)


@lru_cache(maxsize=_COMBINATIONS)
def route_flags(bits: int) -> tuple[str, ...]:
    """RTNH_F_… and RTM_F_…."""
    return _words(bits, _ROUTE_FLAGS)


def scope(number: int) -> str:
    """The word for a scope, or its number."""
    return SCOPES.get(number) or str(number)


def _words(bits: int, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for place, name in enumerate(names) if name and bits >> place & 1)
