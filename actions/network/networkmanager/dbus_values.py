"""Settings of a profile as plain Python values, and as D-Bus values with their types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Settings = dict[str, dict[str, Any]]
"""Setting -> property -> value. Values that came from the bus keep their D-Bus types; new ones are plain."""

LEGACY = {"ipv4": ("addresses", "routes"), "ipv6": ("addresses", "routes")}
"""Properties that repeat others in an older form; a reader of the newer form ignores them."""


def from_dbus(values: Any) -> Settings:
    """Return settings whose outer levels may be changed."""
    found = {str(name): {str(key): value for key, value in section.items()} for name, section in values.items()}
    for name, keys in LEGACY.items():
        for key in keys:
            found.get(name, {}).pop(key, None)
    found.get("connection", {}).pop("timestamp", None)  # of the last activation; NetworkManager keeps it elsewhere
    return found


def copy(settings: Settings) -> Settings:
    """Return settings that can be changed without changing these."""
    return {name: dict(section) for name, section in settings.items()}


def to_dbus(settings: Settings) -> dict[str, Any]:
    """Return settings with a D-Bus type for each plain value."""
    import dbus

    return {
        name: dbus.Dictionary(
            {
                key: _no_servers(name) if (key, value) == ("dns", []) else _typed(key, value)
                for key, value in section.items()
            },
            signature="sv",
        )
        for name, section in settings.items()
    }


def _typed(key: str, value: Any) -> Any:
    import dbus

    if type(value).__module__.startswith(("dbus", "_dbus")):
        return value
    if isinstance(value, bool):
        return dbus.Boolean(value)
    if isinstance(value, int):
        return dbus.Int32(value) if key.endswith("priority") and key != "priority" else dbus.UInt32(value)
    if isinstance(value, list):
        return _LISTS[key](value)
    if isinstance(value, dict):
        return dbus.Dictionary(value, signature="ss")
    return dbus.String(value)


def _dictionaries(values: list[Any]) -> Any:
    import dbus

    entries = [dbus.Dictionary({key: _typed(key, one) for key, one in value.items()}, signature="sv")
               for value in values]  # fmt: skip
    return dbus.Array(entries, signature="a{sv}")


def _no_servers(setting: str) -> Any:
    """Return an empty list of name servers: NetworkManager has another type for each protocol."""
    import dbus

    return dbus.Array([], signature="ay" if setting == "ipv6" else "u")


def _dns(values: list[Any]) -> Any:
    import dbus

    if isinstance(values[0], bytes):
        return dbus.Array([dbus.ByteArray(one) for one in values], signature="ay")
    return dbus.Array([dbus.UInt32(one) for one in values], signature="u")


def _strings(values: list[Any]) -> Any:
    import dbus

    return dbus.Array(values, signature="s")


_LISTS: dict[str, Callable[[list[Any]], Any]] = {
    "address-data": _dictionaries,
    "route-data": _dictionaries,
    "dns": _dns,
    "dns-search": _strings,
}
