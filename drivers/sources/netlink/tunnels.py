"""IP tunnels: link-layer addresses that are IP addresses, and the ends in IFLA_INFO_DATA, linux/if_tunnel.h.

The link types whose addresses are IP addresses are those for which ``ip link`` prints them so (iproute2, ll_addr_n2a).
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_ntop

from hostinfo.model.network import Tunnel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

IP_LINK_TYPES = {768: 4, 769: 16, 776: 4, 778: 4, 823: 16}
"""ARPHRD_TUNNEL, _TUNNEL6, _SIT, _IPGRE and _IP6GRE (linux/if_arp.h) -> bytes of the IP address."""
_ENDS = {
    "ipip": ((2,), (3,)), "sit": ((2,), (3,)), "ip6tnl": ((2,), (3,)), "vti": ((4,), (5,)), "vti6": ((4,), (5,)),
    "gre": ((6,), (7,)), "gretap": ((6,), (7,)), "ip6gre": ((6,), (7,)), "ip6gretap": ((6,), (7,)),
    "erspan": ((6,), (7,)), "ip6erspan": ((6,), (7,)), "geneve": ((), (2, 7)),
}  # fmt: skip
"""Kind -> attributes of the local and the remote address: IFLA_IPTUN_…, IFLA_VTI_…, IFLA_GRE_…, IFLA_GENEVE_…."""


def is_ip_link_type(link_type: int | None, address: bytes | None) -> bool:
    """Return whether the link-layer address is an IP address, and no hardware address."""
    return address is not None and IP_LINK_TYPES.get(link_type or 0) == len(address)


def tunnel(local: bytes | None, remote: bytes | None) -> Tunnel | None:
    """Return the ends of a tunnel; None if it has none."""
    ends = Tunnel(local=ip_address(local), remote=ip_address(remote))
    return ends if ends.local or ends.remote else None


def parse_tunnel(kind: str, data: Mapping[int, bytes]) -> Tunnel | None:
    """Return the ends in the attributes of a tunnel; None for other kinds."""
    if kind not in _ENDS:
        return None
    local, remote = (next((data[key] for key in keys if key in data), None) for keys in _ENDS[kind])
    return tunnel(local, remote)


def ip_address(value: bytes | None) -> str | None:
    """Return the text of an IPv4 or IPv6 address; None for the unspecified address and other lengths."""
    if value is None or len(value) not in (4, 16) or not any(value):
        return None
    return inet_ntop(AF_INET if len(value) == 4 else AF_INET6, value)
