"""Network links as trees: a bridge above its ports, a VLAN above its device, a bond above its NICs.

Each link is drawn once. One that carries several links (a bond with many VLANs) is a root of its own; those name it.
"""

from __future__ import annotations

from hostinfo.output.escape import escape_unprintable
from hostinfo.output.text.style import BOLD, DIM, Style
from hostinfo.output.text.units import bit_rate, duration, join_present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hostinfo.model.network import Address, Link

MAX_DEPTH = 12
"""Levels that are indented; deeper ones show their number. Only tests have stacks of hundreds of VLANs."""


def find_parents(links: Sequence[Link]) -> dict[str, str]:
    """Return for each link the one it is drawn below: its controller, or the only link on top of it; no cycles."""
    known = {link.name for link in links}
    found = {link.name: link.controller for link in links if link.controller in known and link.controller != link.name}
    on_top: dict[str, list[str]] = {}
    for link in links:
        for lower in link.lower:
            if lower in known and lower != link.name:
                on_top.setdefault(lower, []).append(link.name)
    for lower, uppers in on_top.items():
        if lower not in found and len(uppers) == 1:
            found[lower] = uppers[0]
    parents: dict[str, str] = {}
    for name, above in found.items():
        at: str | None = above
        while at is not None and at != name:
            at = parents.get(at)
        if at is None and above is not None:
            parents[name] = above
    return parents


def draw_links(style: Style, links: Sequence[Link], addresses: Sequence[Address]) -> list[str]:
    """Return the lines of all trees, addresses below their links; addresses of unknown links at the end."""
    parents = find_parents(links)
    children: dict[str | None, list[Link]] = {}
    for link in links:
        children.setdefault(parents.get(link.name), []).append(link)
    of_link: dict[str, list[str]] = {}
    for address in addresses:
        of_link.setdefault(address.link, []).append(escape_unprintable(describe_address(address)))
    lines: list[str] = []
    # A stack of what is left to draw instead of recursion: chains of links may be longer than Python's call stack.
    todo = [(link, "", "", 0) for link in reversed(children.get(None, []))]
    while todo:
        link, lead, follow, depth = todo.pop()
        below = children.get(link.name, [])
        lines.append(f"  {lead}{_describe_link(style, link, parents)}")
        lines += [f"  {follow}{style.bar if below else style.gap}{text}" for text in of_link.pop(link.name, ())]
        for child in reversed(below):
            is_last = child is below[-1]
            inside = follow if depth < MAX_DEPTH else ""
            mark, after = (style.last, style.gap) if is_last else (style.fork, style.bar)
            level = f"({depth + 1}) " if depth >= MAX_DEPTH else ""
            todo.append((child, inside + level + mark, inside + after, depth + 1))
    return lines + [f"  {escape_unprintable(name)}: {text}" for name in sorted(of_link) for text in of_link[name]]


def _describe_link(style: Style, link: Link, parents: Mapping[str, str]) -> str:
    drawn_elsewhere = [lower for lower in link.lower if parents.get(lower) != link.name and lower != link.controller]
    permanent = link.permanent_mac and link.permanent_mac != link.mac and f"permanent {link.permanent_mac}"
    text = join_present(
        _describe_kind(link),
        drawn_elsewhere and f"on {' '.join(drawn_elsewhere)}",
        link.peer and f"peer {link.peer}",
        link.is_lower_elsewhere and "other end in another network namespace",
        link.state or (None if link.is_enabled is None else "enabled" if link.is_enabled else "down"),
        " ".join(part for part in (bit_rate(link.speed_mbps), link.duplex and f"{link.duplex} duplex") if part),
        link.mac,
        permanent,
        link.tunnel and f"{link.tunnel.local or 'any'} to {link.tunnel.remote or 'any'}",
        link.mtu not in (None, 1500, 65536) and f"MTU {link.mtu}",
        " ".join(part for part in (link.driver, link.bus_address and f"at {link.bus_address}") if part),
        " ".join(part for part in (link.vendor, link.product) if part) or _describe_ids(link),
        link.physical_function and f"virtual function of {link.physical_function}",
        link.sriov and f"{link.sriov.enabled} of {link.sriov.total} virtual functions",
        link.alias and f'"{link.alias}"',
    )
    weight = DIM if link.is_enabled is False else ""
    name = style.colorize(escape_unprintable(link.name), BOLD)
    return f"{name}  {style.colorize(escape_unprintable(text or ''), weight)}"


def _describe_kind(link: Link) -> str | None:
    if link.bond is not None:
        active = link.bond.active_port and f", {link.bond.active_port} active"
        return f"bond {link.bond.mode or ''}".rstrip() + (active or "")
    if link.vlan is not None:
        protocol = "" if link.vlan.protocol in ("802.1Q", None) else f" ({link.vlan.protocol})"
        return f"VLAN {link.vlan.id}{protocol}"
    if link.bridge is not None:
        return "bridge with STP" if link.bridge.stp else "bridge"
    if link.vxlan is not None:
        return f"VXLAN {link.vxlan.id}"
    if link.representor is not None:
        return f"representor {link.port_name or ''} of {link.representor.bus_address or 'a NIC'}"
    return " ".join(part for part in (link.kind, link.mode) if part) or None


def _describe_ids(link: Link) -> str | None:
    """Return the numbers of a device that has no name, as lspci and lsusb print them."""
    ids = [number.removeprefix("0x") for number in (link.vendor_id, link.product_id) if number]
    return f"ID {':'.join(ids)}" if ids else None


def describe_address(address: Address) -> str:
    """Return an address with prefix length, peer, scope, flags and lifetime."""
    flags = [flag for flag in address.flags if flag not in ("permanent", "noprefixroute")]
    lifetime = duration(address.valid_lifetime_seconds)
    text = join_present(
        f"{address.address}/{address.prefix_length}",
        address.peer and f"peer {address.peer}",
        address.scope not in (None, "global") and address.scope,
        *flags,
        lifetime and f"for {lifetime}",
    )
    return text or ""
