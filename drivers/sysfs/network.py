"""Links, addresses and routes: one rtnetlink dump each; without netlink, /sys/class/net. DNS: resolv.conf(5)."""

from __future__ import annotations

from functools import partial

from hostinfo.driver import RequestedFields
from hostinfo.errors import DriverError, ReadError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.network import Address, Link, Network, Route

from ..sources.netlink.link_record import LinkRecord
from ..sources.sources import Sources
from ..sources.tree import source_of

_DUMPS = {"routes4": "routes", "routes6": "routes", "addresses": "addresses", "links": "links"}
"""Dumps in their order, and the fields that need them. Links are last: if an address or a route has a link that is not
among them, the link was removed and not just added."""


FILES = {"links": ("sys/class/net",), "dns": ("etc/resolv.conf",)}


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Network]:
    """Read the network of this network namespace, or of the tree."""
    builder = FactBuilder("sysfs", fields)
    links: tuple[Link, ...] = ()
    addresses: tuple[Address, ...] = ()
    routes: tuple[Route, ...] = ()
    if builder.needs("links", "addresses", "routes"):
        dumps = _dumps(sources, builder)
        records = _records(sources, dumps.pop("links", None), builder)
        if builder.needs("links"):
            from .net.link_stack import build_links
            from .net.net_devices import add_devices

            records = add_devices(records, sources, builder)
            links = build_links(records)
        names = {record.index: record.name for record in records if record.index is not None}
        del records
        addresses, routes = _addresses(sources, dumps, names, builder), _routes(dumps, names, builder)
    dns = None
    if builder.needs("dns"):
        from .net.resolver import read_dns

        dns, path = builder.try_read("dns", lambda: read_dns(sources.tree)) or (None, "")
        builder.record_source("/etc/resolv.conf", "dns")
        builder.record_source(f"/{path}", "dns.upstream_servers")
    return builder.build(Network(links=links, addresses=addresses, routes=routes, dns=dns))


def _dumps(sources: Sources, builder: FactBuilder) -> dict[str, bytes]:
    """Return the needed dumps; without those that failed."""
    from ..sources.netlink.message import is_interrupted

    found: dict[str, bytes] = {}
    if sources.netlink is None:
        return found
    for name, field in _DUMPS.items():
        if name != "links" and not builder.needs(field):
            continue
        try:
            found[name] = sources.netlink(name)
            if is_interrupted(found[name]):
                raise ReadError(f"netlink {name}", "the tables changed during every attempt; entries may be missing")
        except DriverError as error:
            builder.add_problem(field, error)
    return found


def _records(sources: Sources, data: bytes | None, builder: FactBuilder) -> list[LinkRecord]:
    if data is not None:
        from ..sources.netlink.links import parse_links

        records = builder.try_read("links", lambda: parse_links(data))
        if records is not None:
            builder.record_source("rtnetlink RTM_GETLINK", "links")
            return records
    from .net.links import read_links

    builder.record_source("/sys/class/net", "links")
    return builder.try_read("links", lambda: read_links(sources.tree)) or []


def _addresses(
    sources: Sources, dumps: dict[str, bytes], names: dict[int, str], builder: FactBuilder
) -> tuple[Address, ...]:
    if not builder.needs("addresses"):
        return ()
    if "addresses" in dumps:
        from ..sources.netlink.addresses import parse_addresses

        builder.record_source("rtnetlink RTM_GETADDR", "addresses")
        return builder.try_read("addresses", lambda: parse_addresses(dumps.pop("addresses"), names)) or ()
    from .net import inet6

    if sources.netlink is None:
        builder.unsupported("addresses", "/proc/net", "no file lists the IPv4 addresses of links; only netlink does")
    builder.record_source(source_of(inet6.PATH), "addresses")
    return inet6.read_addresses(sources.tree)


def _routes(dumps: dict[str, bytes], names: dict[int, str], builder: FactBuilder) -> tuple[Route, ...]:
    if not builder.needs("routes"):
        return ()
    if not dumps.keys() & {"routes4", "routes6"}:
        if not any(problem.path == "routes" for problem in builder.problems):
            builder.unsupported("routes", "/proc/net", "routes need netlink, which a tree of files does not have")
        return ()
    from ..sources.netlink.routes import parse_routes

    builder.record_source("rtnetlink RTM_GETROUTE", "routes")
    found: tuple[Route, ...] = ()
    for name in ("routes4", "routes6"):
        if name in dumps:
            found += builder.try_read("routes", partial(parse_routes, dumps.pop(name), names)) or ()
    return found
