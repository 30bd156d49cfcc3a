"""Names from the hardware database by pyudev: udev_device_get_properties_list_entry(3)."""


def properties(path: str) -> dict[str, str]:
    """Properties of the device behind a sysfs path; empty where pyudev is missing or knows no such device.

    Importing pyudev takes 40 ms or more: ask only where udev keeps a database and there is a device to look up.
    """
    try:
        import pyudev
    except ImportError:
        return {}
    try:
        return dict(pyudev.Devices.from_path(pyudev.Context(), path).properties)
    except (pyudev.DeviceNotFoundError, OSError, ValueError):
        return {}
