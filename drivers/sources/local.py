"""The sources of this machine, or of a tree of files; each module is imported at its first use."""

from __future__ import annotations

from .sources import Sources
from .tree import Tree


def sources_of(uri: str | None) -> Sources:
    """Return this machine's sources for None and ``sysfs:///``, those of a tree for ``sysfs:///DIR``."""
    root = root_of(uri)
    return local_sources() if root == "/" else Sources(tree=Tree(root))


def root_of(uri: str | None) -> str:
    """Return the directory that a ``sysfs:`` URI names; "/" for None."""
    if uri is None:
        return "/"
    from urllib.parse import unquote

    return "/" + unquote(uri.partition("://")[2]).lstrip("/")


def local_sources() -> Sources:
    """Return the sources of this machine."""
    return Sources(
        tree=Tree("/"),
        netlink=_netlink,
        ethtool=_ethtool,
        link_name=_link_name,
        features=_features,
        udev=_udev,
        hostnamed=_hostnamed,
    )


def _netlink(name: str) -> bytes:
    from .netlink.dump_socket import dump

    return dump(name)


def _ethtool(link: str, command: int, size: int) -> bytes:
    from .ethtool import read_reply

    return read_reply(link, command, size)


def _link_name(index: int) -> str | None:
    from _socket import if_indextoname

    try:
        return if_indextoname(index)
    except OSError:
        return None


def _features(link: str) -> dict[str, int]:
    from .ethtool import read_features

    return read_features(link)


def _udev(path: str) -> dict[str, str]:
    from .udev import read_properties

    return read_properties(path)


def _hostnamed(member: str) -> str:
    from .hostnamed import call

    return call(member)
