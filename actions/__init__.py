"""Actions on this host, one package per kind: what changes something, apart from what reads.

The facade imports this package by name when ``HostInfo.actions()`` is called. Who only reads facts never imports it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from hostinfo.action import Actions
from hostinfo.model.report import Requester

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .network.transaction import Limits, NetworkAction
    from .service.network_client import ServiceNetwork

NOT_IMPLEMENTED = "not implemented in this version of hostinfo"


def open_actions(network_journal: str | None = None) -> Actions:
    """Return the actions of this host; ``network_journal`` is the folder of the network's transactions.

    Root acts in this process; another user by way of the service, if it is installed and no folder is given.
    """
    return Actions(
        name="this host",
        network=_open_network(network_journal),
        unsupported_reasons=dict.fromkeys(("identify", "power", "enrol"), NOT_IMPLEMENTED),
    )


def open_network_action(
    journal: str | None = None,
    *,
    peers: Sequence[str] = (),
    requester: Requester | None = None,
    limits: Limits | None = None,
) -> NetworkAction:
    """Return the action that changes the network in this process.

    ``peers`` are the addresses of those who must still reach the host, ``requester`` is who is recorded (None: the user
    of this process).
    """
    from .network.host_operations import host_operations
    from .network.journal import ROOT
    from .network.transaction import NetworkAction

    return NetworkAction(host_operations(peers), root=journal or ROOT, requester=requester, limits=limits)


def _open_network(journal: str | None) -> NetworkAction | ServiceNetwork:
    from .network.peers import login_peers
    from .service import SOCKET

    if os.geteuid() != 0 and journal is None and os.path.exists(SOCKET):
        from .service.network_client import ServiceNetwork

        return ServiceNetwork(peers=login_peers())
    return open_network_action(journal, peers=login_peers())
