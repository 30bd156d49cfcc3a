"""The devices of physical links in a tree of files."""

import pytest

from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs.network import read
from tests.support.network_tree import NetworkTree


def test_a_physical_link_in_a_tree_has_driver_bus_ids_and_speed(bonded: NetworkTree) -> None:
    link = bonded.links()["eth1"]
    assert (link.driver, link.bus, link.bus_address, link.vendor_id, link.product_id, link.speed_mbps, link.duplex) == (
        "e1000", "pci", "0000:00:03.0", "0x8086", "0x100e", 1000, "full")  # fmt: skip


def test_a_virtio_link_has_the_bus_address_of_its_pci_device(machine: NetworkTree) -> None:
    pci = machine.pci("0000:00:04.0", "virtio-pci", "0x1af4", "0x1041")
    device = f"{pci}/virtio1"
    machine.link(f"sys/devices/{device}/driver", "../../../../bus/virtio/drivers/virtio_net")
    machine.link(f"sys/devices/{device}/subsystem", "../../../../bus/virtio")
    machine.net("eth0", 2, device, speed="-1", duplex="unknown")
    link = machine.links()["eth0"]
    assert (link.driver, link.bus, link.bus_address, link.vendor_id) == ("virtio_net", "pci", "0000:00:04.0", "0x1af4")
    assert (link.speed_mbps, link.duplex) == (None, None)


@pytest.mark.parametrize("speed", ["-1", "0", "4294967295", "65535", "fast", ""])
def test_an_invalid_speed_is_absent(machine: NetworkTree, speed: str) -> None:
    machine.net("eth0", 2, machine.pci("0000:00:04.0", "e1000", "0x8086", "0x100e"), speed=speed)
    assert machine.links()["eth0"].speed_mbps is None


def test_without_carrier_there_is_no_speed(machine: NetworkTree) -> None:
    device = machine.pci("0000:00:04.0", "e1000", "0x8086", "0x100e")
    machine.net("eth0", 2, device, speed="1000", duplex="full", carrier="0", operstate="down")
    link = machine.links()["eth0"]
    assert (link.has_carrier, link.state, link.speed_mbps, link.duplex) == (False, "down", None, None)


def test_a_usb_link_has_the_strings_of_its_device(machine: NetworkTree) -> None:
    usb = "pci0000:00/0000:00:14.0/usb1/1-2"
    machine.write(f"sys/devices/{usb}/idVendor", "0bda")
    machine.write(f"sys/devices/{usb}/idProduct", "8153")
    machine.write(f"sys/devices/{usb}/manufacturer", "Realtek")
    machine.link(f"sys/devices/{usb}/1-2:1.0/subsystem", "../../../../../../bus/usb")
    machine.net("enx0", 2, f"{usb}/1-2:1.0")
    link = machine.links()["enx0"]
    assert (link.bus, link.bus_address, link.vendor, link.product_id) == ("usb", "1-2:1.0", "Realtek", "0x8153")


def test_names_are_those_of_the_udev_database(machine: NetworkTree) -> None:
    machine.net("eth0", 2, machine.pci("0000:00:04.0", "e1000e", "0x8086", "0x10d3"))
    machine.write(
        "run/udev/data/+pci:0000:00:04.0",
        "I:1234\nE:ID_VENDOR_FROM_DATABASE=Intel Corporation\nE:ID_MODEL_FROM_DATABASE=82574L Gigabit",
    )
    link = machine.links()["eth0"]
    assert (link.vendor, link.product) == ("Intel Corporation", "82574L Gigabit")


def test_names_missing_in_udevs_file_are_read_by_pyudev(machine: NetworkTree) -> None:
    machine.net("eth0", 2, machine.pci("0000:00:04.0", "e1000e", "0x8086", "0x10d3"))
    machine.write("run/udev/data/+pci:0000:00:04.0", "I:1234")
    asked = []

    def properties(path: str) -> dict[str, str]:
        asked.append(path)
        return {"ID_VENDOR_FROM_DATABASE": "Intel Corporation"}

    result = read(Sources(tree=Tree(str(machine.root)), udev=properties), None)
    assert asked == ["/sys/devices/pci0000:00/0000:00:04.0"]
    assert (result.value.links[0].vendor, result.value.links[0].product_id) == ("Intel Corporation", "0x10d3")


def test_without_the_subsystem_link_the_bus_is_read_from_the_modalias(machine: NetworkTree) -> None:
    machine.write(
        "sys/devices/pci0000:00/0000:06:00.0/modalias", "pci:v00008086d00001521sv0000FFFFsd00000000bc02sc00i00"
    )
    machine.net("enp6s0f0", 2, "pci0000:00/0000:06:00.0")
    link = machine.links()["enp6s0f0"]
    assert (link.kind, link.bus, link.bus_address) == ("physical", "pci", "0000:06:00.0")
    assert (link.vendor_id, link.product_id) == ("0x8086", "0x1521")


def test_virtual_functions_are_counted(machine: NetworkTree) -> None:
    device = machine.pci("0000:00:04.0", "ixgbe", "0x8086", "0x10fb")
    machine.write(f"sys/devices/{device}/sriov_totalvfs", "63")
    machine.write(f"sys/devices/{device}/sriov_numvfs", "4")
    machine.net("eth0", 2, device)
    sriov = machine.links()["eth0"].sriov
    assert sriov is not None
    assert (sriov.total, sriov.enabled) == (63, 4)


def test_the_backend_of_a_xen_guests_link_is_no_hardware(machine: NetworkTree) -> None:
    machine.link("sys/devices/vif-1-0/subsystem", "../../bus/xen-backend")
    machine.net("vif1.0", 5, "vif-1-0")
    link = machine.links()["vif1.0"]
    assert (link.kind, link.bus_address, link.driver) == ("vif", None, None)
