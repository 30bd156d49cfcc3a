"""Name resolution from /etc/resolv.conf, resolv.conf(5)."""

from hostinfo.model.network import Dns

from ...sources.tree import Tree

PATH = "etc/resolv.conf"
SIZE_LIMIT = 256 * 1024
ENTRIES_LIMIT = 256
"""Maximum number of entries per kind; the resolver uses 3 servers and any number of search domains."""


def read_dns(tree: Tree) -> Dns | None:
    """Return the configured name resolution; None if the file does not exist. ReadError: it is unreadable."""
    text = tree.optional(PATH, SIZE_LIMIT)
    return parse_resolv_conf(text) if text is not None else None


def parse_resolv_conf(text: str) -> Dns:
    """Parse the file; of several search or domain lines, the last one counts."""
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
