"""NetworkManager's checkpoint, which restores the profiles if our guard does not: a second line, never the only one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from hostinfo.errors import ActionFailed

from ..backend import WINDOW_END
from ..clock import boottime
from .bus import MANAGER, Bus
from .client import Client

DELETE_NEW_CONNECTIONS = 0x2
MARGIN_SECONDS = 60.0
"""The guard may be late on a busy host, and waits 30 s for a process that hangs. It removes the checkpoint first."""
DEFAULT_SECONDS = 120.0
"""Window where there is none: a change that needs no confirmation ends sooner."""


def create_checkpoint(client: Client, links: Iterable[str]) -> str:
    """Create a checkpoint of these devices, and return its path. ActionFailed: another one has them."""
    end = WINDOW_END.get()
    window = DEFAULT_SECONDS if end is None else max(end - boottime(), 0.0)
    devices = [client.devices[name].path for name in sorted(links) if name in client.devices]
    try:
        return str(
            client.bus.call(
                MANAGER, "CheckpointCreate", "aouu", devices, int(window + MARGIN_SECONDS), DELETE_NEW_CONNECTIONS
            )
        )
    except ActionFailed as error:
        hint = "another program changes the network as well; wait until its checkpoint is gone"
        raise ActionFailed("NetworkManager", f"{error.detail}; {hint}") from error


def destroy_checkpoint(bus: Bus, path: str | None) -> None:
    """Remove a checkpoint without a rollback; nothing, if it is gone already."""
    if path is not None:
        with suppress(ActionFailed):
            bus.call(MANAGER, "CheckpointDestroy", "o", path)
