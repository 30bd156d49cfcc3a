"""What a transaction needs to know of the network: its back end, and how a request is prepared and verified.

The guard is another process and may run after a restart of the machine, so it opens the same operations again by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from hostinfo.model.network_state import NetworkState
from hostinfo.model.report import Change
from hostinfo.record import field, record, replace

from .backend import Backend
from .prepare import Prepared

Prepare = Callable[[Any], Prepared]
"""request -> what would be done; its states are complete. Changes nothing. ActionRefused: an invalid request."""

Verify = Callable[[Callable[[], NetworkState], NetworkState, tuple[Change, ...], float], tuple[str, ...]]
"""(read, wanted, changes, seconds): read again until all is as wanted, at most so long; return what still differs.

``changes`` are those of the transaction. Other links may change in its window: guests start, cables are pulled.
"""


@record
class Operations:
    """The functions by which a transaction changes the network."""

    backend: Backend
    """How the network is read, changed and restored."""
    prepare: Prepare
    """How a request is merged, validated and compared."""
    verify: Verify
    """How success is judged after the last step, and again when the change is confirmed."""
    verify_rollback: Verify | None = None
    """How a rollback is judged against the state before; None: as a change. A lease need not be back, for example."""


@record
class OperationsReference:
    """How to open the operations in another process."""

    factory: str
    """module:function, which returns ``Operations``."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Its keyword arguments, as JSON."""

    def for_backend(self, name: str) -> OperationsReference:
        """Return how to open the operations of one back end; an empty name: those that this reference opens."""
        return replace(self, arguments={**self.arguments, "backend": name}) if name else self

    def open(self) -> Operations:
        """Import the module and call the function. Any exception of these."""
        module, _, name = self.factory.partition(":")
        operations: Operations = getattr(import_module(module), name)(**self.arguments)
        return operations
