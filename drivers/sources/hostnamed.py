"""systemd-hostnamed over D-Bus, org.freedesktop.hostname1(5); needs the extra ``dbus`` (dbus-python).

The connection and the call run in a thread with a deadline of one second, so that a bus that hangs blocks nothing.
"""

from __future__ import annotations

from hostinfo.errors import DriverError, ReadError, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAME = "org.freedesktop.hostname1"
_PATH = "/org/freedesktop/hostname1"
_DEADLINE_SECONDS = 1.0


def call(member: str) -> str:
    """Return a property as text, or GetProductUUID as 32 hexadecimal digits, without interactive authorisation.

    Unavailable: dbus-python is not installed. ReadError: no reply in time, or access denied.
    """
    from threading import Thread

    results: list[str | DriverError] = []
    thread = Thread(target=lambda: results.append(_connect_and_call(member)), daemon=True)
    thread.start()
    thread.join(_DEADLINE_SECONDS)
    if not results:
        raise ReadError(_NAME, f"no reply within {_DEADLINE_SECONDS:g} s")
    result = results[0]
    if isinstance(result, DriverError):
        raise result
    return result


def _call(bus: Any, member: str) -> Any:
    if member == "GetProductUUID":
        is_interactive = False
        return bus.call_blocking(_NAME, _PATH, _NAME, member, "b", (is_interactive,), timeout=_DEADLINE_SECONDS)
    interface = "org.freedesktop.DBus.Properties"
    return bus.call_blocking(_NAME, _PATH, interface, "Get", "ss", (_NAME, member), timeout=_DEADLINE_SECONDS)


def _connect_and_call(member: str) -> str | DriverError:
    try:
        import dbus
        import dbus.bus
    except ImportError as error:
        return Unavailable(_NAME, f"dbus-python is not installed ({error})")
    try:
        bus = dbus.bus.BusConnection(dbus.bus.BusConnection.TYPE_SYSTEM)
        try:
            reply = _call(bus, member)
        finally:
            bus.close()
    except dbus.exceptions.DBusException as error:
        return ReadError(_NAME, f"{member}: {error.get_dbus_message() or error}")
    return bytes(reply).hex() if member == "GetProductUUID" else str(reply)
