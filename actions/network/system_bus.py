"""One service on the D-Bus system bus, by dbus-python (extra ``dbus``); every call has a deadline."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

from hostinfo.errors import ActionFailed

CALL_SECONDS = 10.0
"""Network services reply within milliseconds; creating a bridge blocks them for a second on a busy host."""
CONNECT_SECONDS = 5.0
UNKNOWN = ("org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownObject")
SILENT = ("org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Timeout")
ABSENT = ("org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner")


class NotRunning(ActionFailed):
    """There is no system bus, or the service is not on it."""


class Silent(ActionFailed):
    """The service, or the bus, does not reply within the deadline."""


class Gone(ActionFailed):
    """The object of a call no longer exists."""


class SystemBus:
    """A connection to the system bus, for the calls of one service.

    ``name`` is its name on the bus, ``title`` that for people. NotRunning, Silent, or ActionFailed if dbus-python is
    not installed.
    """

    def __init__(self, name: str, title: str, connect: Callable[[], Any] | None = None) -> None:
        self.name, self.title = name, title
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
            target = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner")
            if not self._call(target, "s", (name,)):
                raise NotRunning(title, "is not running")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._bus.close()

    def call_method(self, path: str, interface: str, method: str, signature: str = "", *arguments: Any) -> Any:
        """Return the result of a method of an object.

        Silent: no reply within the deadline. Gone: the object was removed. ActionFailed: the service's reason.
        """
        return self._call((self.name, path, interface, method), signature, arguments)

    def _call(self, target: tuple[str, str, str, str], signature: str, arguments: tuple[Any, ...]) -> Any:
        from dbus.exceptions import DBusException

        try:
            return self._bus.call_blocking(*target, signature, arguments, timeout=CALL_SECONDS)
        except DBusException as error:
            name, text = error.get_dbus_name() or "", error.get_dbus_message() or str(error)
            if name in SILENT:
                raise Silent(self.title, f"{target[3]}: no reply within {CALL_SECONDS:g} s") from error
            if name in ABSENT or "Disconnected" in name:
                raise NotRunning(self.title, "is not running") from error
            kind = Gone if name in UNKNOWN else ActionFailed
            raise kind(self.title, f"{target[3]}: {text}") from error


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
        return ActionFailed("D-Bus", f"dbus-python is needed ({error}); install python3-dbus")
    try:
        return dbus.bus.BusConnection(dbus.bus.BusConnection.TYPE_SYSTEM)
    except dbus.exceptions.DBusException as error:
        return NotRunning("D-Bus", f"no system bus: {error.get_dbus_message() or error}")
