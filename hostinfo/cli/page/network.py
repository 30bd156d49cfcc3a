"""Section: the network as the tree that it is.

A link stands below the one that it carries: a bridge above its ports, a VLAN above its device, a bond above its NICs.
Each link is drawn once; one that carries several (a bond with many VLANs) stands by itself, and they name it.
"""

from hostinfo.cli.page.style import BOLD, DIM, Section, Style, clean, duration, speed, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hostinfo.dump import GroupReport
    from hostinfo.model.network import Address, Link, Network, Route

MAIN_TABLE = 254
DEEPEST = 12
"""Levels that are indented; stacks of hundreds of VLANs exist in tests only."""


def network(style: Style, told: "Mapping[str, GroupReport]") -> list[str]:
    """Links as trees with their addresses, default routes, name servers."""
    value: Network = told["network"].value  # type: ignore[assignment]
    section = Section(style, told["network"], "Network")
    addresses: dict[str, list[Address]] = {}
    for address in value.addresses:
        addresses.setdefault(address.link, []).append(address)
    section.lines += _draw(style, value.links, addresses)
    for path in ("links", "addresses"):
        source = section.source(path)
        if source:
            section.lines.append(f"  {path} {source}")
    for route in value.routes:
        if route.destination == "default" and route.table == MAIN_TABLE:
            section.row("Default route", _route(route), "routes")
    others = sum(1 for route in value.routes if route.destination != "default" or route.table != MAIN_TABLE)
    section.row("Other routes", f"{others} (hostinfo dump network.routes)" if others else None, "routes")
    if value.dns is not None:
        search = value.dns.search and f"search {' '.join(value.dns.search)}"
        section.row("Name servers", words(" ".join(value.dns.servers), search), "dns")
    return section.lines if len(section.lines) > 1 else []


def parents(links: "Sequence[Link]") -> dict[str, str]:
    """Link -> the link below which it is drawn; without loops.

    That is its controller, else the only link that stands on it.
    """
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
    parent: dict[str, str] = {}
    for name, above in found.items():
        at: str | None = above
        while at is not None and at != name:
            at = parent.get(at)
        if at is None and above is not None:
            parent[name] = above
    return parent


def _draw(style: Style, links: "Sequence[Link]", addresses: "Mapping[str, list[Address]]") -> list[str]:
    parent = parents(links)
    below: dict[str | None, list[Link]] = {}
    for link in links:
        below.setdefault(parent.get(link.name), []).append(link)
    lines: list[str] = []
    # A list of what is still to be drawn instead of recursion: stacks may be deeper than Python's.
    todo = [(link, "", "", 0) for link in reversed(below.get(None, []))]
    while todo:
        link, lead, follow, depth = todo.pop()
        children = below.get(link.name, [])
        rail = style.bar if children else style.gap
        lines.append(f"  {lead}{_link(style, link, parent)}")
        lines += [f"  {follow}{rail}{clean(_address(address))}" for address in addresses.get(link.name, ())]
        for child in reversed(children):
            is_last = child is children[-1]
            inside = follow if depth < DEEPEST else ""
            mark, after = (style.last, style.gap) if is_last else (style.fork, style.bar)
            deep = f"({depth + 1}) " if depth >= DEEPEST else ""
            todo.append((child, inside + deep + mark, inside + after, depth + 1))
    unknown = addresses.keys() - {link.name for link in links}
    lines += [f"  {clean(name)}: {clean(_address(address))}" for name in sorted(unknown) for address in addresses[name]]
    return lines


def _link(style: Style, link: "Link", parent: "Mapping[str, str]") -> str:
    drawn_below = [lower for lower in link.lower if parent.get(lower) != link.name and lower != link.controller]
    rate = " ".join(part for part in (speed(link.speed_mbps), link.duplex and f"{link.duplex} duplex") if part)
    device = " ".join(part for part in (link.driver, link.bus_address and f"at {link.bus_address}") if part)
    own = link.permanent_mac and link.permanent_mac != link.mac and f"own {link.permanent_mac}"
    text = words(
        _kind(link),
        drawn_below and f"on {' '.join(drawn_below)}",
        link.peer and f"peer {link.peer}",
        link.is_lower_elsewhere and "other end in another network namespace",
        link.state or (None if link.is_enabled is None else "enabled" if link.is_enabled else "down"),
        rate,
        link.mac,
        own,
        link.mtu not in (None, 1500, 65536) and f"MTU {link.mtu}",
        device,
        " ".join(part for part in (link.vendor, link.product) if part),
        link.sriov and f"{link.sriov.enabled} of {link.sriov.total} virtual functions",
        link.alias and f'"{link.alias}"',
    )
    weight = DIM if link.is_enabled is False else ""
    return f"{style.paint(clean(link.name), BOLD)}  {style.paint(clean(text or ''), weight)}"


def _kind(link: "Link") -> str | None:
    if link.bond is not None:
        active = link.bond.active_port and f", {link.bond.active_port} active"
        return f"bond {link.bond.mode}{active or ''}"
    if link.vlan is not None:
        protocol = "" if link.vlan.protocol in ("802.1Q", None) else f" ({link.vlan.protocol})"
        return f"VLAN {link.vlan.id}{protocol}"
    if link.bridge is not None:
        return "bridge with STP" if link.bridge.stp else "bridge"
    if link.vxlan is not None:
        return f"VXLAN {link.vxlan.id}"
    return " ".join(part for part in (link.kind, link.mode) if part) or None


def _address(address: "Address") -> str:
    notable = [flag for flag in address.flags if flag not in ("permanent", "noprefixroute")]
    lifetime = duration(address.valid_lifetime_seconds)
    text = words(
        f"{address.address}/{address.prefix_length}",
        address.peer and f"peer {address.peer}",
        address.scope not in (None, "global") and address.scope,
        *notable,
        lifetime and f"for {lifetime}",
    )
    return text or ""


def _route(route: "Route") -> str | None:
    hops = [words(hop.gateway and f"via {hop.gateway}", hop.link, f"weight {hop.weight}") for hop in route.next_hops]
    return words(
        route.family,
        route.type != "unicast" and route.type,
        " ".join(
            part for part in (route.gateway and f"via {route.gateway}", route.link and f"on {route.link}") if part
        ),
        *hops,
        route.preferred_source and f"from {route.preferred_source}",
        route.metric is not None and f"metric {route.metric}",
        route.protocol,
    )
