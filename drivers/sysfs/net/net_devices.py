"""The devices of physical links: driver, bus, virtual functions, speed.

Source: links from /sys/class/net to /sys/devices (Documentation/ABI/testing/sysfs-class-net), and ethtool. Virtual
links, of which there may be thousands, have none of these facts and are skipped.
"""

from __future__ import annotations

from errno import ENODEV

from hostinfo.errors import ReadError
from hostinfo.model.network import SrIov

from .ethtool_facts import LinkRemoved, add_ethtool_facts
from .hardware_names import BUSES_WITH_NAMES, add_hardware_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.fact import FactBuilder

    from ...sources.netlink.link_record import LinkRecord
    from ...sources.sources import Sources
    from ...sources.tree import Tree

CLASS = "sys/class/net"
_SPEED_LIMIT = 0x7FFFFFFF


def add_devices(records: list[LinkRecord], sources: Sources, builder: FactBuilder) -> list[LinkRecord]:
    """Add the facts of the devices to the records; leave out links that are removed while they are read."""
    kept = []
    for record in records:
        if record.facts.get("kind") in (None, "physical"):
            try:
                _add_device(record, sources, builder)
            except LinkRemoved:
                continue
        kept.append(record)
    return kept


def _add_device(record: LinkRecord, sources: Sources, builder: FactBuilder) -> None:
    tree, facts = sources.tree, record.facts
    device = device_path(tree, record)
    if device is None and facts.get("kind") is None:
        return
    if device is not None and _base_name(tree.link(f"{device}/subsystem")) == "xen-backend":
        facts.update(kind="vif", bus=None, bus_address=None)  # the Dom0's end of a guest's interface: no hardware
        return
    facts["kind"] = "physical"
    try:
        if device is not None:
            _add_sysfs_facts(facts, tree, device, builder)
        add_ethtool_facts(record, sources, builder)
    except ReadError as error:
        if error.errno == ENODEV:
            raise LinkRemoved from error
        builder.add_problem("links", error)
    if device is not None:
        _add_speed(facts, tree, f"{CLASS}/{record.name}")
        add_hardware_names(facts, sources, _hardware_path(tree, device))


def device_path(tree: Tree, record: LinkRecord) -> str | None:
    """Return the path of a link's device under /sys/devices; None if there is none.

    If /sys was mounted in another network namespace, the same name can be another link: the index must match.
    """
    target = tree.link(f"{CLASS}/{record.name}")
    if target is None:  # /sys before Linux 2.6.25, and copies without symbolic links
        return f"{CLASS}/{record.name}/device" if tree.link(f"{CLASS}/{record.name}/device") else None
    device, net, _ = target.rpartition("/net/")
    index = tree.try_number(f"{CLASS}/{record.name}/ifindex")
    if not net or "devices/virtual" in device or index not in (None, record.index):
        return None
    return "sys/" + device.lstrip("./")


def _add_sysfs_facts(facts: dict[str, object], tree: Tree, device: str, builder: FactBuilder) -> None:
    driver = _base_name(tree.link(f"{device}/driver"))
    if driver:
        facts["driver"] = driver
        builder.record_source("/sys/class/net/*/device/driver", "links.driver")
    hardware = _hardware_path(tree, device)
    bus = _bus(tree, hardware)
    if bus:
        # A virtio device is on the virtio bus; lspci and ethtool print the address of its PCI or platform device.
        facts["bus"], facts["bus_address"] = bus, hardware.rpartition("/")[2]
        if hardware.endswith("/device"):
            facts["bus_address"] = _base_name(tree.link(hardware))
        builder.record_source("/sys/class/net/*/device", "links.bus", "links.bus_address")
    total = tree.try_number(f"{hardware}/sriov_totalvfs")
    if total:
        facts["sriov"] = SrIov(total=total, enabled=tree.try_number(f"{hardware}/sriov_numvfs") or 0)
        builder.record_source("/sys/class/net/*/device/sriov_totalvfs", "links.sriov")


def _add_speed(facts: dict[str, object], tree: Tree, base: str) -> None:
    """Add speed and duplex from sysfs if ethtool has none; without a carrier, sysfs returns EINVAL or -1."""
    if facts.get("has_carrier") is not True or facts.get("speed_mbps") is not None:
        return
    speed = tree.try_number(f"{base}/speed")
    if speed and speed < _SPEED_LIMIT and speed != 0xFFFF:
        facts["speed_mbps"] = speed
    duplex = tree.try_attribute(f"{base}/duplex")
    if duplex in ("full", "half"):
        facts["duplex"] = duplex


def _bus(tree: Tree, hardware: str) -> str | None:
    """Return the bus of a device; in a copy without symbolic links, the prefix of its modalias."""
    bus = _base_name(tree.link(f"{hardware}/subsystem"))
    if bus is None:
        alias, colon, _ = (tree.try_attribute(f"{hardware}/modalias") or "").partition(":")
        bus = alias if colon and alias in BUSES_WITH_NAMES else None
    return bus


def _hardware_path(tree: Tree, device: str) -> str:
    """Return the parent of a virtio device, otherwise the device itself."""
    parent = device.rpartition("/")[0]
    if _base_name(tree.link(f"{device}/subsystem")) == "virtio" and tree.link(f"{parent}/subsystem"):
        return parent
    return device


def _base_name(target: str | None) -> str | None:
    return target.rpartition("/")[2] if target else None
