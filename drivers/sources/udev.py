"""udev properties of a device, read by pyudev: udev_device_get_properties_list_entry(3)."""


def read_properties(path: str) -> dict[str, str]:
    """Return the properties of the device at a sysfs path; empty if pyudev is missing or does not find the device.

    Importing pyudev takes 40 ms or more: call this only if udev has a database and there is a device to look up.
    """
    try:
        import pyudev
    except ImportError:
        return {}
    try:
        return dict(pyudev.Devices.from_path(pyudev.Context(), path).properties)
    except (pyudev.DeviceNotFoundError, OSError, ValueError):
        return {}
