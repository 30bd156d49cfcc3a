"""NetworkManager's devices and connection profiles, as they are at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hostinfo.record import record

from ..system_bus import Gone
from .bus import MANAGER, SETTINGS, Bus
from .dbus_values import Settings, from_dbus, to_dbus

IN_MEMORY, TO_DISK, BLOCK_AUTOCONNECT = 0x2, 0x1, 0x20
"""NMSettingsUpdate2Flags; those of AddConnection2 are the same."""
PRESERVE_EXTERNAL_IP = 0x1
"""NMDeviceReapplyFlags, of NetworkManager 1.42 and later: addresses and routes of others stay."""
NO_OBJECT = "/"


@record
class Device:
    """One device."""

    path: str
    """Path of the object."""
    name: str
    """Name of the link."""
    state: int
    """NMDeviceState: 100 is activated."""
    is_managed: bool
    """Whether NetworkManager configures it."""
    active: str | None
    """Path of the active connection; None: not active."""
    profile: str | None
    """UUID of the profile that is active."""


@record
class Profile:
    """One connection profile."""

    path: str
    """Path of the object."""
    uuid: str
    """UUID of the profile."""
    filename: str
    """Its keyfile; empty: none."""
    settings: Settings
    """Setting -> property -> value, without secrets."""


class Client:
    """What NetworkManager reports at one moment, and the calls that change it."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        objects = bus.objects()
        active = {
            path: str(found["Connection.Active"].get("Uuid", ""))
            for path, found in objects.items()
            if "Connection.Active" in found
        }
        self.devices = {
            device.name: device
            for path, found in objects.items()
            if "Device" in found
            for device in (_device(path, found["Device"], active),)
            if device is not None
        }
        self._filenames = {
            path: str(found["Settings.Connection"].get("Filename", ""))
            for path, found in objects.items()
            if "Settings.Connection" in found
        }
        self.version = tuple(int(part) for part in str(objects[MANAGER][""].get("Version", "0")).split(".")[:2])
        self._profiles: dict[str, Profile] | None = None

    @property
    def profiles(self) -> dict[str, Profile]:
        """All profiles by UUID."""
        if self._profiles is None:
            self._profiles = {}
            for path, filename in self._filenames.items():
                try:
                    settings = from_dbus(self.bus.call(path, "Settings.Connection.GetSettings"))
                except Gone:
                    continue
                uuid = str(settings["connection"]["uuid"])
                self._profiles[uuid] = Profile(path=path, uuid=uuid, filename=filename, settings=settings)
        return self._profiles

    def applied(self, name: str) -> Settings | None:
        """Return the settings in force on a device; None: none are, or it does not exist."""
        device = self.devices.get(name)
        if device is None or device.active is None:
            return None
        try:
            return from_dbus(self.bus.call(device.path, "Device.GetAppliedConnection", "u", 0)[0])
        except Gone:
            return None

    def update(self, path: str, settings: Settings | None, flags: int) -> None:
        """Replace the settings of a profile; None: only write it where the flags name."""
        values = {} if settings is None else to_dbus(settings)
        self.bus.call(path, "Settings.Connection.Update2", "a{sa{sv}}ua{sv}", values, flags, {})

    def add(self, settings: Settings) -> str:
        """Add a profile in memory, and return its path."""
        flags = IN_MEMORY | BLOCK_AUTOCONNECT
        return str(
            self.bus.call(SETTINGS, "Settings.AddConnection2", "a{sa{sv}}ua{sv}", to_dbus(settings), flags, {})[0]
        )

    def activate(self, profile: str, link: str) -> None:
        """Begin to activate a profile, on the device of this name if it exists."""
        device = self.devices[link].path if link in self.devices else NO_OBJECT
        self.bus.call(MANAGER, "ActivateConnection", "ooo", profile, device, NO_OBJECT)

    def reapply(self, link: str) -> None:
        """Bring the device to its profile without activating it again. ActionFailed: that does not suffice."""
        flags = PRESERVE_EXTERNAL_IP if self.version >= (1, 42) else 0
        self.bus.call(self.devices[link].path, "Device.Reapply", "a{sa{sv}}tu", {}, 0, flags)

    def load(self, paths: list[str]) -> None:
        """Read keyfiles again; those that no longer exist are unloaded."""
        self.bus.call(SETTINGS, "Settings.LoadConnections", "as", paths)


def _device(path: str, values: Mapping[str, Any], active: Mapping[str, str]) -> Device | None:
    name = str(values.get("Interface", ""))
    if not name or not values.get("Real", True):
        return None
    connection = str(values.get("ActiveConnection", NO_OBJECT))
    return Device(
        path=path,
        name=name,
        state=int(values.get("State", 0)),
        is_managed=bool(values.get("Managed", False)),
        active=connection if connection in active else None,
        profile=active.get(connection),
    )
