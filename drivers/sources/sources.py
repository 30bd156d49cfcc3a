"""The sources of one machine: files, sockets and services.

The running system has all of them, a tree under another root has files only, a recording has what was recorded.
"""

from __future__ import annotations

from collections.abc import Callable

from hostinfo.record import record

from .tree import Tree


@record
class Sources:
    """What the readers read from. Except for the tree, each may be None; then the fields that need it are absent."""

    tree: Tree
    netlink: Callable[[str], bytes] | None = None
    """Raw messages of one complete rtnetlink dump: "links", "counters", "addresses", "routes4" or "routes6"."""
    ethtool: Callable[[str, int, int], bytes] | None = None
    """Raw reply to an ethtool command; parameters: link name, command, size of the reply."""
    link_name: Callable[[int], str | None] | None = None
    """Current name of the link with this index; None: there is none."""
    features: Callable[[str], dict[str, int]] | None = None
    """Offloads (0 or 1) and ring sizes of a link, read by the ``ethtool`` package."""
    udev: Callable[[str], dict[str, str]] | None = None
    """udev properties of the device at a sysfs path, with names from the hardware database."""
    hostnamed: Callable[[str], str] | None = None
    """A property or the result of a method of org.freedesktop.hostname1 over D-Bus."""
    clock: Callable[[], float] | None = None
    """Seconds since the epoch; None: the clock of this machine."""
