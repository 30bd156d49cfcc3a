"""Operations of a transaction on links that systemd-networkd configures."""

from __future__ import annotations

from typing import Any

from hostinfo.actions.network.document import parse_state
from hostinfo.actions.network.kernel_backend import read_network
from hostinfo.actions.network.networkd.networkd_backend import networkd_backend
from hostinfo.actions.network.operations import Operations, OperationsReference
from hostinfo.actions.network.prepare import Prepared, prepare
from hostinfo.actions.network.transaction import NetworkAction
from hostinfo.actions.network.verify import verify


def networkd_operations() -> Operations:
    backend = networkd_backend()

    def prepare_request(request: Any) -> Prepared:
        return prepare(parse_state(request, "request"), backend, read_network())

    return Operations(backend=backend, prepare=prepare_request, verify=verify)


def networkd_action() -> NetworkAction:
    return NetworkAction(OperationsReference(factory=f"{__name__}:networkd_operations"))
