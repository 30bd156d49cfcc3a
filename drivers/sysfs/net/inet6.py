"""IPv6 addresses from /proc/net/if_inet6, for a tree of files; no other file has the link of an address."""

from hostinfo.model.network import Address

from ...sources.netlink.constants import address_flags
from ...sources.tree import Tree

PATH = "proc/net/if_inet6"
_SCOPES = {0x00: "global", 0x10: "host", 0x20: "link", 0x40: "site"}


def read_addresses(tree: Tree) -> tuple[Address, ...]:
    """Return the addresses of the tree; empty if the file is absent or unreadable."""
    return parse_if_inet6(tree.try_text(PATH))


def parse_if_inet6(text: str) -> tuple[Address, ...]:
    """Return the addresses by link; malformed lines are skipped."""
    from _socket import AF_INET6, inet_ntop

    found = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) != 6 or len(fields[0]) != 32:
            continue
        try:
            address = inet_ntop(AF_INET6, bytes.fromhex(fields[0]))
            index, bits, scope, flags = (int(field[:8], 16) for field in fields[1:5])
        except ValueError:
            continue
        if not 0 <= bits <= 128 or index < 0:
            continue
        found.append(
            Address(
                link=fields[5],
                index=index,
                family="ipv6",
                address=address,
                prefix_length=bits,
                scope=_SCOPES.get(scope & 0xF0) or str(scope),
                flags=address_flags(flags, is_ipv6=True),
            )
        )
    found.sort(key=lambda address: address.index)
    return tuple(found)
