"""Links, addresses and routes by one rtnetlink dump each; /sys/class/net where there is no netlink; resolv.conf(5)."""

from hostinfo.driver import Only
from hostinfo.errors import DriverError, ReadError
from hostinfo.fact import Fact, Notes
from hostinfo.model.network import Address, Link, Network, Route

from ..netlink.record import LinkRecord
from .kernel import Kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hostinfo.model.statistics import LinkCounters

_DUMPS = {"routes4": "routes", "routes6": "routes", "addresses": "addresses", "links": "links"}
"""Names of dumps and the fields that need them. Links come last: then a link that an address or a route names and
that is not among them has left meanwhile, and was not merely too young."""


def read(kernel: Kernel, only: Only) -> Fact[Network]:
    """The network of this kernel's, or of this tree's."""
    notes = Notes("sysfs", only)
    links: tuple[Link, ...] = ()
    addresses: tuple[Address, ...] = ()
    routes: tuple[Route, ...] = ()
    if notes.wants("links", "addresses", "routes"):
        dumps = _dumps(kernel, notes)
        records = _records(kernel, dumps.pop("links", None), notes)
        if notes.wants("links"):
            from .devices import add_devices
            from .stack import build_links

            records = add_devices(records, kernel, notes)
            links = build_links(records)
        names = {record.index: record.name for record in records if record.index is not None}
        del records
        addresses, routes = _addresses(kernel, dumps, names, notes), _routes(dumps, names, notes)
    dns = None
    if notes.wants("dns"):
        from .resolver import read_dns

        dns = notes.attempt("dns", lambda: read_dns(kernel.tree))
        notes.told("/etc/resolv.conf", "dns")
    return notes.fact(Network(links=links, addresses=addresses, routes=routes, dns=dns))


def _dumps(kernel: Kernel, notes: Notes) -> dict[str, bytes]:
    """The dumps that are needed, but those that failed."""
    from ..netlink.message import is_interrupted

    found: dict[str, bytes] = {}
    if kernel.netlink is None:
        return found
    for name, field in _DUMPS.items():
        if name != "links" and not notes.wants(field):
            continue
        try:
            found[name] = kernel.netlink(name)
            if is_interrupted(found[name]):
                raise ReadError(f"netlink {name}", "changed during each of several dumps: some may be missing")
        except DriverError as error:
            notes.failed(field, error)
    return found


def _records(kernel: Kernel, data: bytes | None, notes: Notes) -> list[LinkRecord]:
    if data is not None:
        from ..netlink.links import parse_links

        records = notes.attempt("links", lambda: parse_links(data))
        if records is not None:
            notes.told("rtnetlink RTM_GETLINK", "links")
            return records
    from .links import read_links

    notes.told("/sys/class/net", "links")
    return notes.attempt("links", lambda: read_links(kernel.tree)) or []


def _addresses(kernel: Kernel, dumps: dict[str, bytes], names: dict[int, str], notes: Notes) -> tuple[Address, ...]:
    if not notes.wants("addresses"):
        return ()
    if "addresses" in dumps:
        from ..netlink.addresses import parse_addresses

        notes.told("rtnetlink RTM_GETADDR", "addresses")
        return notes.attempt("addresses", lambda: parse_addresses(dumps.pop("addresses"), names)) or ()
    from . import inet6

    if kernel.netlink is None:
        notes.unsupported("addresses", "/proc/net", "IPv4 addresses of links stand in no file, only in netlink")
    notes.told("/" + inet6.PATH, "addresses")
    return inet6.read(kernel.tree)


def _routes(dumps: dict[str, bytes], names: dict[int, str], notes: Notes) -> tuple[Route, ...]:
    if not notes.wants("routes"):
        return ()
    if not dumps.keys() & {"routes4", "routes6"}:
        if not any(problem.path == "routes" for problem in notes.problems):
            notes.unsupported("routes", "/proc/net", "routes are read over netlink, which a tree of files has not")
        return ()
    from ..netlink.routes import parse_routes

    notes.told("rtnetlink RTM_GETROUTE", "routes")
    found: tuple[Route, ...] = ()
    for name in ("routes4", "routes6"):
        if name in dumps:
            found += notes.attempt("routes", _later(parse_routes, dumps.pop(name), names)) or ()
    return found


def _later(
    parse: "Callable[[bytes, dict[int, str]], tuple[Route, ...]]", data: bytes, names: dict[int, str]
) -> "Callable[[], tuple[Route, ...]]":
    return lambda: parse(data, names)


def read_link_counters(kernel: Kernel) -> "tuple[LinkCounters, ...]":
    """The counters of each link, by index. DriverError where neither netlink nor /proc/net/dev can be read."""
    from . import link_counters

    return link_counters.read_link_counters(kernel)
