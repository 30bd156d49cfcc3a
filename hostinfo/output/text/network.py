"""Section "Network": links as trees with their addresses, default routes, name servers."""

from __future__ import annotations

from hostinfo.output.text.link_tree import draw_links
from hostinfo.output.text.style import Section, Style
from hostinfo.output.text.units import join_present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hostinfo.model.network import Network, Route
    from hostinfo.output.document import GroupReport

MAIN_TABLE = 254
"""RT_TABLE_MAIN, rtnetlink(7)."""


def render(style: Style, reports: Mapping[str, GroupReport]) -> list[str]:
    """Return the lines of the section."""
    value: Network = reports["network"].value  # type: ignore[assignment]
    section = Section(style, reports["network"], "Network")
    section.body += draw_links(style, value.links, value.addresses)
    for path in ("links", "addresses"):
        source = section.source(path)
        if source:
            section.body.append(f"  {path} {source}")
    others = 0
    for route in value.routes:
        if route.destination == "default" and route.table == MAIN_TABLE:
            section.row("Default route", describe_route(route), "routes")
        else:
            others += 1
    section.row("Other routes", f"{others} (hostinfo dump network.routes)" if others else None, "routes")
    if value.dns is not None:
        search = value.dns.search and f"search {' '.join(value.dns.search)}"
        section.row("Name servers", join_present(" ".join(value.dns.servers), search), "dns")
    return section.lines()


def describe_route(route: Route) -> str | None:
    """Return a route in the words of ip-route(8)."""
    hops = [
        join_present(hop.gateway and f"via {hop.gateway}", hop.link, f"weight {hop.weight}") for hop in route.next_hops
    ]
    return join_present(
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
