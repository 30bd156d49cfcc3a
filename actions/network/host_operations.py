"""The operations of a transaction on this host."""

from __future__ import annotations

from collections.abc import Sequence

from hostinfo.drivers.sources.tree import Tree
from hostinfo.model.network_state import NetworkState

from .backend import Backend
from .host_backends import choose_backend, open_backend, read_host_state
from .kernel_backend import read_network
from .operations import Operations, OperationsReference
from .owners import Owners
from .prepare import Prepared, prepare
from .verify import verify


def host_operations(peers: Sequence[str] = ()) -> OperationsReference:
    """Return how to open the operations; ``peers`` are the addresses of those who must still reach the host."""
    return OperationsReference(factory=f"{__name__}:open_host", arguments={"peers": list(peers)})


def open_host(peers: Sequence[str] = (), backend: str = "") -> Operations:
    """Open the operations of this network namespace; ``backend`` is the one that carries out a prepared change."""

    def prepare_change(request: NetworkState) -> Prepared:
        network = read_network()

        def choose(current: NetworkState, desired: NetworkState, changed: frozenset[str]) -> Backend:
            return choose_backend(current, desired, network, changed, Owners(Tree("/")))

        return prepare(request, read_host_state(network), network, choose, peers)

    return Operations(backend=open_backend(backend or "kernel"), prepare=prepare_change, verify=verify)
