"""NetworkManager on the system bus, by dbus-python; every call has a deadline."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

from hostinfo.errors import ActionFailed

NAME = "org.freedesktop.NetworkManager"
MANAGER = "/org/freedesktop/NetworkManager"
SETTINGS = f"{MANAGER}/Settings"
CALL_SECONDS = 10.0
"""NetworkManager replies within milliseconds; creating a bridge blocks it for a second on a busy host."""
CONNECT_SECONDS = 5.0
UNKNOWN = ("org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownObject")
SILENT = ("org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Timeout")
ABSENT = ("org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner")


class NotRunning(ActionFailed):
    """There is no system bus, or NetworkManager is not on it."""


class Silent(ActionFailed):
    """NetworkManager, or the bus, does not reply within the deadline."""


class Gone(ActionFailed):
    """The object of a call no longer exists."""


class Bus:
    """A connection to the system bus. NotRunning, Silent, or ActionFailed if dbus-python is not installed."""

    def __init__(self, connect: Callable[[], Any] | None = None) -> None:
        results: list[Any] = []
        thread = Thread(target=lambda: results.append(_attempt(connect or _connect)), daemon=True)
        thread.start()
        thread.join(CONNECT_SECONDS)
        if not results:
            raise Silent("D-Bus", f"the system bus does not reply within {CONNECT_SECONDS:g} s")
        if isinstance(results[0], Exception):
            raise results[0]
        self._bus = results[0]
        try:
            arguments = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner")
            if not self._call(arguments, "s", (NAME,)):
                raise NotRunning("NetworkManager", "is not running")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._bus.close()

    def call(self, path: str, member: str, signature: str = "", *arguments: Any) -> Any:
        """Return the result of a method, named as in Device.Reapply: interface below NetworkManager's, and method.

        Silent: no reply within the deadline. Gone: the object was removed. ActionFailed: NetworkManager's reason.
        """
        interface, _, method = member.rpartition(".")
        full = f"{NAME}.{interface}" if interface else NAME
        return self._call((NAME, path, full, method), signature, arguments)

    def objects(self) -> dict[str, dict[str, Any]]:
        """Return path -> interface, without NetworkManager's name -> properties, of all objects."""
        path, interface = "/org/freedesktop", "org.freedesktop.DBus.ObjectManager"
        found = self._call((NAME, path, interface, "GetManagedObjects"), "", ())
        return {
            str(path): {str(name).removeprefix(NAME).lstrip("."): values for name, values in interfaces.items()}
            for path, interfaces in found.items()
        }

    def _call(self, target: tuple[str, str, str, str], signature: str, arguments: tuple[Any, ...]) -> Any:
        from dbus.exceptions import DBusException

        try:
            return self._bus.call_blocking(*target, signature, arguments, timeout=CALL_SECONDS)
        except DBusException as error:
            name, text = error.get_dbus_name() or "", error.get_dbus_message() or str(error)
            if name in SILENT:
                raise Silent("NetworkManager", f"does not reply within {CALL_SECONDS:g} s ({target[3]})") from error
            if name in ABSENT or "Disconnected" in name:
                raise NotRunning("NetworkManager", "is not running") from error
            kind = Gone if name in UNKNOWN else ActionFailed
            raise kind("NetworkManager", f"{target[3]}: {text}") from error


def _attempt(connect: Callable[[], Any]) -> Any:
    try:
        return connect()
    except Exception as error:
        return error


def _connect() -> Any:
    try:
        import dbus
        import dbus.bus
    except ImportError as error:
        message = f"dbus-python is needed to change it ({error}); install python3-dbus"
        return ActionFailed("NetworkManager", message)
    try:
        return dbus.bus.BusConnection(dbus.bus.BusConnection.TYPE_SYSTEM)
    except dbus.exceptions.DBusException as error:
        return NotRunning("D-Bus", f"no system bus: {error.get_dbus_message() or error}")
