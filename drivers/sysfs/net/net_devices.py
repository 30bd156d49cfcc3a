"""The devices of links: which links are hardware, with driver, bus, virtual functions, names.

A device behind a link makes it hardware, whatever its kind is called: the kernel names a kind for InfiniBand, CAN, DSA
and WWAN ports too. Two sorts of links have a device and are no hardware: representors, and links that share the device
of a link that they are stacked on. Links of common virtual kinds, of which there may be thousands, are skipped.
"""

from __future__ import annotations

from errno import ENODEV

from hostinfo.errors import ReadError
from hostinfo.model.network import SrIov
from hostinfo.record import replace

from .device_lookup import CLASS, LinkFinder, LinkPlace, base_name, bus_name, hardware_path, is_pci_address
from .ethtool_facts import LinkRemoved, add_ethtool_facts
from .hardware_names import BUSES_WITH_NAMES, add_hardware_names
from .link_speed import add_speed, add_stacked_speeds
from .representor import parse_representor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.fact import FactBuilder

    from ...sources.netlink.link_record import LinkRecord
    from ...sources.sources import Sources
    from ...sources.tree import Tree

VIRTUAL_KINDS = frozenset({
    "loopback", "bond", "bridge", "dummy", "geneve", "gre", "gretap", "ifb", "ip6gre", "ip6gretap", "ip6tnl", "ipip",
    "ipvlan", "ipvtap", "macsec", "macvlan", "macvtap", "netkit", "sit", "team", "tun", "veth", "vlan", "vrf", "vti",
    "vti6", "vxcan", "vxlan", "wireguard", "xfrm",
})  # fmt: skip
"""Kinds that are software on every kernel; other kinds are looked up."""
_SIMULATED = frozenset({"netdevsim", "xen-backend"})
"""Buses of devices that are no hardware: the kernel's test devices, and a Dom0's ends of the guests' links."""


def add_devices(records: list[LinkRecord], sources: Sources, builder: FactBuilder) -> list[LinkRecord]:
    """Add the facts of the devices to the records; leave out links that are removed while they are read."""
    finder = LinkFinder(sources)
    places = {
        record.name: finder.find(record)
        for record in records
        if record.parent is not None or record.facts.get("kind") not in VIRTUAL_KINDS
    }
    devices = {record.name: _device_name(record, places.get(record.name)) for record in records}
    shared = _find_sharing(records, devices)
    kept = []
    for record in records:
        place = places.get(record.name)
        if place is None:
            record.facts["is_physical"] = False
        elif not _is_hardware(record, place, sources.tree, is_sharing=record.name in shared):
            record.facts.setdefault("is_physical", False)
        else:
            try:
                _add_device(record, place, finder, sources, builder)
            except LinkRemoved:
                continue
        kept.append(record)
    add_stacked_speeds(kept, sources, builder)
    return kept


def _device_name(record: LinkRecord, place: LinkPlace | None) -> str | None:
    """Return the name of the device in /sys/devices, which is that in netlink too."""
    device = place.device if place is not None else None
    return record.parent if device is None or device.endswith("/device") else base_name(device)


def _find_sharing(records: list[LinkRecord], devices: dict[str, str | None]) -> set[str]:
    """Return the links that share their device with a link below: ib0.8013, a failover link above its ports.

    The user ports of a DSA switch are above a link too, but have a device of their own.
    """
    found = set()
    for record in records:
        device = devices[record.name]
        if device is None:
            continue
        if any(devices.get(lower) == device for lower in record.lower if lower != record.name):
            found.add(record.name)
        if record.is_lower_elsewhere and record.facts.get("kind") == "ipoib":
            found.add(record.name)
        controller = record.controller
        if controller is not None and controller != record.name and devices.get(controller) == device:
            found.add(controller)
    return found


def _is_hardware(record: LinkRecord, place: LinkPlace, tree: Tree, *, is_sharing: bool) -> bool:
    """Return whether a link is that of a device; settle the kind of links that are not."""
    facts, device = record.facts, place.device
    representor = parse_representor(facts.get("port_name"), has_bare_numbers=_has_functions(facts, tree, device))
    if representor is not None:
        address = None if device is None else _bus_address(tree, hardware_path(tree, device))
        facts.update(kind="representor", representor=replace(representor, bus_address=address or record.parent))
        return False
    if device is not None:
        bus = bus_name(tree, device)
        if bus == "xen-backend":
            facts["kind"] = "vif"
        return bus not in _SIMULATED and not is_sharing
    if record.parent is not None:
        if record.parent_bus is None and place.is_virtual:  # a simulated radio: a class device without a bus
            return False
        return not is_sharing and record.parent_bus not in _SIMULATED
    if not place.is_virtual:
        facts["is_physical"] = None
    return False


def _has_functions(facts: dict[str, object], tree: Tree, device: str | None) -> bool:
    """Return whether ports with a bare number can be virtual functions."""
    if device is None or not facts.get("switch_id") or not str(facts.get("port_name")).isdecimal():
        return False
    return bool(tree.try_number(f"{hardware_path(tree, device)}/sriov_numvfs"))


def _add_device(
    record: LinkRecord, place: LinkPlace, finder: LinkFinder, sources: Sources, builder: FactBuilder
) -> None:
    tree, facts, device = sources.tree, record.facts, place.device
    facts["is_physical"] = True
    if facts.get("kind") is None:
        facts["kind"] = "physical"
    facts["bus"] = record.parent_bus or ("pci" if is_pci_address(record.parent) else None)
    facts["bus_address"] = record.parent
    try:
        if device is not None:
            _add_sysfs_facts(facts, tree, device, builder)
        add_ethtool_facts(record, place.name, finder, sources, builder)
    except ReadError as error:
        if error.errno == ENODEV:
            raise LinkRemoved from error
        builder.add_problem("links", error)
    if device is not None:
        name = place.name
        add_speed(facts, tree, f"{CLASS}/{name}")
        add_hardware_names(facts, sources, hardware_path(tree, device), builder)


def _add_sysfs_facts(facts: dict[str, object], tree: Tree, device: str, builder: FactBuilder) -> None:
    hardware = hardware_path(tree, device)
    driver = base_name(tree.link(f"{device}/driver") or tree.link(f"{hardware}/driver"))
    if driver:
        facts["driver"] = driver
        builder.record_source("/sys/class/net/*/device/driver", "links.driver")
    bus = _bus(tree, hardware)
    if bus:
        # A virtio device is on the virtio bus; lspci and ethtool print the address of its PCI or platform device.
        facts["bus"], facts["bus_address"] = bus, _bus_address(tree, hardware)
        builder.record_source("/sys/class/net/*/device", "links.bus", "links.bus_address")
    facts["physical_function"] = base_name(tree.link(f"{hardware}/physfn"))
    builder.record_source("/sys/class/net/*/device/physfn", "links.physical_function")
    total = tree.try_number(f"{hardware}/sriov_totalvfs")
    if total:
        facts["sriov"] = SrIov(total=total, enabled=tree.try_number(f"{hardware}/sriov_numvfs") or 0)
        builder.record_source("/sys/class/net/*/device/sriov_totalvfs", "links.sriov")


def _bus_address(tree: Tree, hardware: str) -> str | None:
    return base_name(tree.link(hardware)) if hardware.endswith("/device") else base_name(hardware)


def _bus(tree: Tree, hardware: str) -> str | None:
    """Return the bus of a device; in a copy without symbolic links, by its name or the prefix of its modalias."""
    bus = bus_name(tree, hardware)
    if bus is None and is_pci_address(_bus_address(tree, hardware)):
        return "pci"
    if bus is None:
        alias, colon, _ = (tree.try_attribute(f"{hardware}/modalias") or "").partition(":")
        bus = alias if colon and alias in BUSES_WITH_NAMES else None
    return bus
