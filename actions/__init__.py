"""Actions on this host, one package per kind: what changes something, apart from what reads.

The facade imports this package by name when ``HostInfo.actions()`` is called. Who only reads facts never imports it.
"""

from __future__ import annotations

from hostinfo.action import Actions, no_actions


def open_actions() -> Actions:
    """Return the actions of this host."""
    return no_actions("this host", "not implemented in this version of hostinfo")
