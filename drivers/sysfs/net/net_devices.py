"""What stands behind physical links: driver, bus, names, virtual functions, speed.

Links under /sys/class/net to /sys/devices (Documentation/ABI/testing/sysfs-class-net), ethtool, and udev's hardware
database. Read for physical links only: thousands of virtual ones have none of it.
"""

from errno import ENODEV

from hostinfo.errors import DriverError, ReadError
from hostinfo.fact import FactBuilder
from hostinfo.model.network import SrIov

from ...sources import ethtool
from ...sources.netlink.link_record import LinkRecord
from ...sources.sources import Sources
from ...sources.tree import Tree

CLASS = "sys/class/net"
_BUSES_OF_NAMES = frozenset({"pci", "usb", "ccw", "vmbus"})
_DATABASE = "run/udev/data"
_SPEED_LIMIT = 0x7FFFFFFF


class Vanished(Exception):
    """The link went away while it was read."""


def add_devices(records: list[LinkRecord], sources: Sources, builder: FactBuilder) -> list[LinkRecord]:
    """The records with what is known of the devices behind them; without those that vanished meanwhile."""
    kept = []
    for record in records:
        if record.facts.get("kind") in (None, "physical"):
            try:
                _add_device(record, sources, builder)
            except Vanished:
                continue
        kept.append(record)
    return kept


def _add_device(record: LinkRecord, sources: Sources, builder: FactBuilder) -> None:
    tree, facts = sources.tree, record.facts
    device = device_path(tree, record)
    if device is None and facts.get("kind") is None:
        return
    if device is not None and _word(tree.link(f"{device}/subsystem")) == "xen-backend":
        facts.update(kind="vif", bus=None, bus_address=None)  # the near end of a guest's link: no hardware
        return
    facts["kind"] = "physical"
    try:
        if device is not None:
            _add_sysfs(facts, tree, device, builder)
        _add_ethtool(record, sources, builder)
    except ReadError as error:
        if error.errno == ENODEV:
            raise Vanished from error
        builder.add_problem("links", error)
    if device is not None:
        _add_speed(facts, tree, f"{CLASS}/{record.name}")
        _add_names(facts, sources, _hardware(tree, device))


def device_path(tree: Tree, record: LinkRecord) -> str | None:
    """Where the device behind a link stands under /sys/devices; None where there is none.

    A /sys that was mounted in another network namespace has other links under the same names: the index tells.
    """
    target = tree.link(f"{CLASS}/{record.name}")
    if target is None:  # /sys of the kernels before 2.6.25, and copies without links
        return f"{CLASS}/{record.name}/device" if tree.link(f"{CLASS}/{record.name}/device") else None
    device, net, _ = target.rpartition("/net/")
    if not net or "devices/virtual" in device or _index(tree, record.name) not in (None, record.index):
        return None
    return "sys/" + device.lstrip("./")


def _add_sysfs(facts: "dict[str, object]", tree: Tree, device: str, builder: FactBuilder) -> None:
    driver = _word(tree.link(f"{device}/driver"))
    if driver:
        facts["driver"] = driver
        builder.record_source("/sys/class/net/*/device/driver", "links.driver")
    hardware = _hardware(tree, device)
    bus = _bus(tree, hardware)
    if bus:
        # A virtio device has a bus of its own; the address that lspci and ethtool know is that of what carries it.
        facts["bus"], facts["bus_address"] = bus, hardware.rpartition("/")[2]
        if hardware.endswith("/device"):
            facts["bus_address"] = _word(tree.link(hardware))
        builder.record_source("/sys/class/net/*/device", "links.bus", "links.bus_address")
    total = _number(tree, f"{hardware}/sriov_totalvfs")
    if total:
        facts["sriov"] = SrIov(total=total, enabled=_number(tree, f"{hardware}/sriov_numvfs") or 0)
        builder.record_source("/sys/class/net/*/device/sriov_totalvfs", "links.sriov")


def _add_ethtool(record: LinkRecord, sources: Sources, builder: FactBuilder) -> None:
    name, facts = record.name, record.facts
    if sources.ethtool is not None:
        info = _ask(sources, name, ethtool.ETHTOOL_GDRVINFO, ethtool.DRIVER_INFO_BYTES, builder)
        if info is not None:
            found = ethtool.parse_driver_info(info)
            facts.update({key: value for key, value in found.items() if value and not facts.get(key)})
            builder.record_source("ethtool driver information", "links.driver_version", "links.firmware")
        settings = _ask(sources, name, ethtool.ETHTOOL_GLINKSETTINGS, ethtool.SETTINGS_BYTES, builder)
        if settings is not None:
            facts.update(ethtool.parse_settings(settings, has_carrier=facts.get("has_carrier") is True))
            builder.record_source("ethtool link settings", "links.speed_mbps", "links.duplex", "links.autonegotiation",
                       "links.port_type")  # fmt: skip
        if not facts.get("permanent_mac"):  # netlink tells it since Linux 5.6
            permanent = _ask(sources, name, ethtool.ETHTOOL_GPERMADDR, ethtool.PERMANENT_BYTES, builder)
            facts["permanent_mac"] = None if permanent is None else ethtool.parse_permanent(permanent)
    if sources.features is not None:
        facts.update(ethtool.parse_features(sources.features(name)))
        builder.record_source("the ethtool package", "links.offloads", "links.rx_ring_size", "links.tx_ring_size")


def _ask(sources: Sources, name: str, command: int, size: int, builder: FactBuilder) -> bytes | None:
    """The answer; None where the device has none. Vanished where the link is gone."""
    from errno import EINVAL, ENOTTY, EOPNOTSUPP

    assert sources.ethtool is not None  # noqa: S101 - the caller looked
    try:
        return sources.ethtool(name, command, size)
    except DriverError as error:
        number = getattr(error, "errno", None)
        if number == ENODEV:
            raise Vanished from error
        if number not in (EOPNOTSUPP, EINVAL, ENOTTY):
            builder.add_problem("links", error)
        return None


def _add_speed(facts: "dict[str, object]", tree: Tree, base: str) -> None:
    """Speed and duplex by sysfs, where ethtool told neither; EINVAL without carrier and -1 are no speeds."""
    if facts.get("has_carrier") is not True or facts.get("speed_mbps") is not None:
        return
    speed = _number(tree, f"{base}/speed")
    if speed and speed < _SPEED_LIMIT and speed != 0xFFFF:
        facts["speed_mbps"] = speed
    try:
        duplex = tree.attribute(f"{base}/duplex")
    except ReadError:
        return
    if duplex in ("full", "half"):
        facts["duplex"] = duplex


def _add_names(facts: "dict[str, object]", sources: Sources, hardware: str) -> None:
    """Vendor and product: by the hardware database, else what a USB device says of itself, else the numbers."""
    tree, bus = sources.tree, facts.get("bus")
    names = _database_names(sources, hardware, bus) if bus in _BUSES_OF_NAMES else {}
    base = hardware.rpartition("/")[0] if bus == "usb" else hardware  # an interface's device is above it
    numbers = ("idVendor", "idProduct") if bus == "usb" else ("vendor", "device")
    own = ("manufacturer", "product") if bus == "usb" else ("", "")
    for field, key, text, number in zip(
        ("vendor", "product"), ("ID_VENDOR_FROM_DATABASE", "ID_MODEL_FROM_DATABASE"), own, numbers, strict=True
    ):
        facts[field] = names.get(key) or (_attribute(tree, f"{base}/{text}") if text else None) or _hex(
            _attribute(tree, f"{base}/{number}"))  # fmt: skip


def _bus(tree: Tree, hardware: str) -> str | None:
    """The bus of a device; the alias by which its module is found begins with it, should the copy lack the link."""
    bus = _word(tree.link(f"{hardware}/subsystem"))
    if bus is None:
        alias, colon, _ = (_attribute(tree, f"{hardware}/modalias") or "").partition(":")
        bus = alias if colon and alias in _BUSES_OF_NAMES else None
    return bus


def _database_names(sources: Sources, hardware: str, bus: object) -> dict[str, str]:
    """What udev found in the hardware database: in its own file, else by pyudev, whose import takes 40 ms or more."""
    if not sources.tree.is_dir(_DATABASE):
        return {}
    names: dict[str, str] = {}
    for line in (_attribute(sources.tree, f"{_DATABASE}/+{bus}:{hardware.rpartition('/')[2]}") or "").splitlines():
        key, separator, value = line.removeprefix("E:").partition("=")
        if separator and value and line.startswith("E:ID_"):
            names[key] = value
    if "ID_VENDOR_FROM_DATABASE" not in names and sources.udev is not None:
        return sources.udev("/" + hardware)
    return names


def _hardware(tree: Tree, device: str) -> str:
    """The device that carries a virtio device, or the device itself."""
    parent = device.rpartition("/")[0]
    if _word(tree.link(f"{device}/subsystem")) == "virtio" and tree.link(f"{parent}/subsystem"):
        return parent
    return device


def _index(tree: Tree, name: str) -> int | None:
    return _number(tree, f"{CLASS}/{name}/ifindex")


def _word(target: str | None) -> str | None:
    return target.rpartition("/")[2] if target else None


def _hex(text: str | None) -> str | None:
    if text is None or len(text) > 10:
        return None
    try:
        return f"{int(text, 16):#06x}"
    except ValueError:
        return None


def _attribute(tree: Tree, path: str) -> str | None:
    try:
        return tree.attribute(path)
    except ReadError:
        return None


def _number(tree: Tree, path: str) -> int | None:
    try:
        return tree.number(path)
    except ReadError:
        return None
