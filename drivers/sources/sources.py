"""The sources of one machine: its files, and the sockets and services next to them.

A running kernel has all of them, a tree under another root only its files, a recorded machine what was recorded.
"""

from __future__ import annotations

from collections.abc import Callable

from hostinfo.record import record

from .tree import Tree


@record
class Sources:
    """Where the readers read. Every entry but the tree may be None; then only the fields that need it are missing."""

    tree: Tree
    netlink: Callable[[str], bytes] | None = None
    """Raw messages of one complete rtnetlink dump: "links", "counters", "addresses", "routes4", "routes6"."""
    ethtool: Callable[[str, int, int], bytes] | None = None
    """Raw answer to one SIOCETHTOOL command: link name, command, size of the answer."""
    features: Callable[[str], dict[str, int]] | None = None
    """Offloads (0 or 1) and ring sizes of a link, as the ethtool package reads them."""
    udev: Callable[[str], dict[str, str]] | None = None
    """Properties of the device that stands behind a sysfs path, from the hardware database."""
    hostnamed: Callable[[str], str] | None = None
    """A property or method of org.freedesktop.hostname1 over D-Bus."""
    clock: Callable[[], float] | None = None
    """Seconds since the epoch; None: this machine's."""
