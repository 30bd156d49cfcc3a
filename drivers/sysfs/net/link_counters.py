"""Counters of network links: one rtnetlink dump; without netlink, /proc/net/dev (proc_pid_net(5))."""

from hostinfo.errors import DriverError, ReadError
from hostinfo.model.statistics import LinkCounters

from ...sources.netlink.constants import LINKS_LIMIT
from ...sources.sources import Sources

PATH = "proc/net/dev"


def read_link_counters(sources: Sources) -> tuple[LinkCounters, ...]:
    """Return the counters of each link by index. DriverError: neither netlink nor the file can be read."""
    failure: DriverError | None = None
    if sources.netlink is not None:
        from ...sources.netlink.counters import parse_counters

        try:
            return parse_counters(sources.netlink("counters"))
        except DriverError as error:  # refused, not recorded, not understood; the file has the counters too
            failure = error
    try:
        return parse_proc_net_dev(sources.tree.text(PATH))
    except ReadError as error:
        from errno import ENOENT, ENOTDIR

        if error.errno not in (ENOENT, ENOTDIR):
            raise
        if failure is not None and getattr(failure, "errno", 0) not in (ENOENT, ENOTDIR, None):
            raise failure from error
        return ()


def parse_proc_net_dev(text: str) -> tuple[LinkCounters, ...]:
    """Return the counters of each line; other lines, such as the two of the heading, are skipped."""
    found = []
    for line in text.splitlines():
        name, _, rest = line.rpartition(":")
        fields = rest.split()
        if len(fields) != 16 or not all(field.isdecimal() and len(field) <= 20 for field in fields):
            continue
        values = [int(field) for field in fields]
        found.append(
            LinkCounters(
                name=name.strip(),
                rx_bytes=values[0],
                rx_packets=values[1],
                rx_errors=values[2],
                rx_dropped=values[3],
                multicast=values[7],
                tx_bytes=values[8],
                tx_packets=values[9],
                tx_errors=values[10],
                tx_dropped=values[11],
            )
        )
        if len(found) > LINKS_LIMIT:
            raise ReadError(f"/{PATH}", f"more than {LINKS_LIMIT} links")
    return tuple(found)
