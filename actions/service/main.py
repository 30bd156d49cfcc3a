"""The program: serves the socket that systemd passes, and ends when it is idle."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import hostinfo
from hostinfo.errors import HostInfoError, ReadError
from hostinfo.lowlevel.journald import INFO, WARNING, Journal
from hostinfo.model.report import Requester
from hostinfo.varlink.activation import listen, passed_sockets
from hostinfo.varlink.server import Server

from .. import open_network_action
from ..network.journal import ROOT
from ..network.journal import Journal as NetworkJournal
from ..network.transaction import Limits, NetworkAction
from . import POLICY, UNIT
from .audit import Audit
from .methods import Methods, OpenNetwork

IDLE_SECONDS = 60.0
"""Without a client, the service ends after this time; the socket starts it again."""


def serve(
    *,
    policy: str = POLICY,
    path: str | None = None,
    journal_root: str = ROOT,
    idle_seconds: float | None = IDLE_SECONDS,
    open_network: OpenNetwork | None = None,
) -> None:
    """Serve until the service is idle, or until SIGTERM; then let calls end that are carried out.

    ``path``: where to listen if systemd passes no socket. The service is not idle while a change waits: the guard that
    undoes it is one of its processes. ReadError: there is no socket.
    """
    os.umask(0o077)
    sockets = passed_sockets()
    if not sockets and path is None:
        raise ReadError("LISTEN_FDS", f"no socket was passed; enable {UNIT}, or give --socket PATH")
    journal = Journal("hostinfo-actions")
    audit = Audit(journal)
    methods = Methods(open_network or _network(journal_root), policy, audit, hostinfo.__version__)
    server = Server(
        sockets or [listen(path or "", 0o666)],
        methods.execute,
        report=lambda text: journal.log(WARNING, text),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    journal.log(INFO, "ready")
    try:
        server.run(idle_seconds, _is_waiting(NetworkJournal(journal_root)))
    finally:
        audit.flush()
        server.close()
        journal.close()


def _network(root: str) -> OpenNetwork:
    def open_network(requester: Requester, peers: tuple[str, ...], limits: Limits) -> NetworkAction:
        return open_network_action(root, peers=peers, requester=requester, limits=limits)

    return open_network


def _is_waiting(journal: NetworkJournal) -> Callable[[], bool]:
    def is_waiting() -> bool:
        try:
            return bool(journal.undecided())
        except HostInfoError:  # the next call reports it
            return False

    return is_waiting
