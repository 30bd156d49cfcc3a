"""Name resolution from /etc/resolv.conf, resolv.conf(5)."""

from hostinfo.errors import ReadError
from hostinfo.model.network import Dns

from ...sources.tree import Tree

PATH = "etc/resolv.conf"
SIZE_LIMIT = 256 * 1024
ENTRIES_LIMIT = 256
"""Most entries of one kind; the resolver itself takes 3 servers, and any number of search domains."""


def read_dns(tree: Tree) -> Dns | None:
    """Name resolution as configured; None where there is no such file. ReadError where it can't be read."""
    from errno import ENOENT, ENOTDIR

    try:
        return parse_resolv_conf(tree.text(PATH, SIZE_LIMIT))
    except ReadError as error:
        if error.errno in (ENOENT, ENOTDIR):
            return None
        raise


def parse_resolv_conf(text: str) -> Dns:
    """What the file configures; of several search or domain lines the last one holds."""
    servers: list[str] = []
    search: tuple[str, ...] = ()
    options: list[str] = []
    for line in text.splitlines():
        if line.startswith(("#", ";")):
            continue
        match line.split():
            case ["nameserver", server, *_]:
                servers.append(server)
            case ["search", *domains]:
                search = tuple(domains[:ENTRIES_LIMIT])
            case ["domain", domain, *_]:
                search = (domain,)
            case ["options", *words]:
                options += words
    return Dns(servers=tuple(servers[:ENTRIES_LIMIT]), search=search, options=tuple(options[:ENTRIES_LIMIT]))
