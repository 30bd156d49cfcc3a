"""What systemd-hostnamed tells over D-Bus, org.freedesktop.hostname1(5); dbus-python is an extra.

A bus that hangs costs a second: the calls, the connection's greeting among them, are made in a thread of their own.
"""

from hostinfo.errors import DriverError, ReadError, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAME = "org.freedesktop.hostname1"
_PATH = "/org/freedesktop/hostname1"
_DEADLINE_SECONDS = 1.0


def ask(member: str) -> str:
    """A property as text, or GetProductUUID as 32 hexadecimal digits; never asks the user for a password.

    Unavailable without dbus-python; ReadError where the bus or hostnamed does not answer, or not to this user.
    """
    from threading import Thread

    answers: list[str | DriverError] = []
    thread = Thread(target=lambda: answers.append(_ask(member)), daemon=True)
    thread.start()
    thread.join(_DEADLINE_SECONDS)
    if not answers:
        raise ReadError(_NAME, f"no answer within {_DEADLINE_SECONDS:g} s")
    answer = answers[0]
    if isinstance(answer, DriverError):
        raise answer
    return answer


def _call(bus: "Any", member: str) -> "Any":
    if member == "GetProductUUID":
        not_interactively = False
        return bus.call_blocking(_NAME, _PATH, _NAME, member, "b", (not_interactively,), timeout=_DEADLINE_SECONDS)
    interface = "org.freedesktop.DBus.Properties"
    return bus.call_blocking(_NAME, _PATH, interface, "Get", "ss", (_NAME, member), timeout=_DEADLINE_SECONDS)


def _ask(member: str) -> str | DriverError:
    try:
        import dbus
        import dbus.bus
    except ImportError as error:
        return Unavailable(_NAME, f"dbus-python is not installed ({error})")
    try:
        bus = dbus.bus.BusConnection(dbus.bus.BusConnection.TYPE_SYSTEM)
        try:
            answer = _call(bus, member)
        finally:
            bus.close()
    except dbus.exceptions.DBusException as error:
        return ReadError(_NAME, f"{member}: {error.get_dbus_message() or error}")
    return bytes(answer).hex() if member == "GetProductUUID" else str(answer)
