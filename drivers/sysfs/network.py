"""Links, addresses and routes by one rtnetlink dump each; /sys/class/net where there is no netlink; resolv.conf(5)."""

from hostinfo.driver import RequestedFields
from hostinfo.errors import DriverError, ReadError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.network import Address, Link, Network, Route

from ..sources.netlink.link_record import LinkRecord
from ..sources.sources import Sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hostinfo.model.statistics import LinkCounters

_DUMPS = {"routes4": "routes", "routes6": "routes", "addresses": "addresses", "links": "links"}
"""Names of dumps and the fields that need them. Links come last: then a link that an address or a route names and
that is not among them has left meanwhile, and was not merely too young."""


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Network]:
    """The network of this kernel's, or of this tree's."""
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

        dns = builder.try_read("dns", lambda: read_dns(sources.tree))
        builder.record_source("/etc/resolv.conf", "dns")
    return builder.build(Network(links=links, addresses=addresses, routes=routes, dns=dns))


def _dumps(sources: Sources, builder: FactBuilder) -> dict[str, bytes]:
    """The dumps that are needed, but those that failed."""
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
                raise ReadError(f"netlink {name}", "changed during each of several dumps: some may be missing")
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
        builder.unsupported("addresses", "/proc/net", "IPv4 addresses of links stand in no file, fields in netlink")
    builder.record_source("/" + inet6.PATH, "addresses")
    return inet6.read(sources.tree)


def _routes(dumps: dict[str, bytes], names: dict[int, str], builder: FactBuilder) -> tuple[Route, ...]:
    if not builder.needs("routes"):
        return ()
    if not dumps.keys() & {"routes4", "routes6"}:
        if not any(problem.path == "routes" for problem in builder.problems):
            builder.unsupported("routes", "/proc/net", "routes are read over netlink, which a tree of files has not")
        return ()
    from ..sources.netlink.routes import parse_routes

    builder.record_source("rtnetlink RTM_GETROUTE", "routes")
    found: tuple[Route, ...] = ()
    for name in ("routes4", "routes6"):
        if name in dumps:
            found += builder.try_read("routes", _later(parse_routes, dumps.pop(name), names)) or ()
    return found


def _later(
    parse: "Callable[[bytes, dict[int, str]], tuple[Route, ...]]", data: bytes, names: dict[int, str]
) -> "Callable[[], tuple[Route, ...]]":
    return lambda: parse(data, names)


def read_link_counters(sources: Sources) -> "tuple[LinkCounters, ...]":
    """The counters of each link, by index. DriverError where neither netlink nor /proc/net/dev can be read."""
    from .net import link_counters

    return link_counters.read_link_counters(sources)
