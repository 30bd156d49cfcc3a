"""NetworkManager on the system bus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..owners import NETWORKMANAGER
from ..system_bus import SystemBus

NAME = "org.freedesktop.NetworkManager"
MANAGER = "/org/freedesktop/NetworkManager"
SETTINGS = f"{MANAGER}/Settings"


class Bus(SystemBus):
    """A connection to the system bus, for calls of NetworkManager."""

    def __init__(self, connect: Callable[[], Any] | None = None) -> None:
        super().__init__(NAME, NETWORKMANAGER, connect)

    def call(self, path: str, member: str, signature: str = "", *arguments: Any) -> Any:
        """Return the result of a method, named as in Device.Reapply: interface below NetworkManager's, and method."""
        interface, _, method = member.rpartition(".")
        return self.call_method(path, f"{NAME}.{interface}" if interface else NAME, method, signature, *arguments)

    def objects(self) -> dict[str, dict[str, Any]]:
        """Return path -> interface, without NetworkManager's name -> properties, of all objects."""
        found = self.call_method("/org/freedesktop", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        return {
            str(path): {str(name).removeprefix(NAME).lstrip("."): values for name, values in interfaces.items()}
            for path, interfaces in found.items()
        }
