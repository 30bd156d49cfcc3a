"""The operations of a transaction without a network service, for network namespaces and live images."""

from __future__ import annotations

from collections.abc import Sequence

from .kernel_backend import kernel_backend, read_network
from .operations import Operations, OperationsReference
from .prepare import prepare
from .verify import verify


def kernel_operations(peers: Sequence[str] = ()) -> OperationsReference:
    """Return how to open the operations; ``peers`` are the addresses of those who must still reach the host."""
    return OperationsReference(factory=f"{__name__}:open_kernel", arguments={"peers": list(peers)})


def open_kernel(peers: Sequence[str] = ()) -> Operations:
    """Open the operations of this network namespace."""
    backend = kernel_backend()
    return Operations(
        backend=backend,
        prepare=lambda request: prepare(request, backend, read_network(), peers),
        verify=verify,
    )
