"""Actions on this host, one package per kind: what changes something, apart from what reads.

The facade imports this package by name when ``HostInfo.actions()`` is called. Who only reads facts never imports it.
"""

from __future__ import annotations

from hostinfo.action import Actions

NOT_IMPLEMENTED = "not implemented in this version of hostinfo"


def open_actions(network_journal: str | None = None) -> Actions:
    """Return the actions of this host; ``network_journal`` is the folder of the network's transactions."""
    from .network.host_operations import host_operations
    from .network.journal import ROOT
    from .network.peers import login_peers
    from .network.transaction import NetworkAction

    return Actions(
        name="this host",
        network=NetworkAction(host_operations(login_peers()), root=network_journal or ROOT),
        unsupported_reasons=dict.fromkeys(("identify", "power", "enrol"), NOT_IMPLEMENTED),
    )
