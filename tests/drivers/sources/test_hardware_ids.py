"""Names of devices in pci.ids and usb.ids; the lines are those of the published files."""

from pathlib import Path

from hostinfo.drivers.sources.hardware_ids import find_names
from hostinfo.drivers.sources.recorded.recording import Recording
from hostinfo.drivers.sources.recorded.trees import RecordingTree
from hostinfo.drivers.sources.tree import Tree
from tests.support.network_tree import NetworkTree

PCI_IDS = """#\n#\tList of PCI ID's\n#
1022  Advanced Micro Devices, Inc. [AMD]
\t1041  a device of another vendor
1af4  Red Hat, Inc.
\t1000  Virtio network device
\t\t1af4 0001  QEMU subsystem
# a comment between two devices
\t1041  Virtio 1.0 network device
\t\t1af4 1100  QEMU Virtual Machine
8086  Intel Corporation
\t1521  I350 Gigabit Network Connection
C 02  Network controller
\t00  Ethernet controller
"""


def test_names_are_found_by_vendor_and_product(tmp_path: Path) -> None:
    (tmp_path / "usr/share/misc").mkdir(parents=True)
    (tmp_path / "usr/share/misc/pci.ids").write_text(PCI_IDS)
    tree = Tree(str(tmp_path))
    assert find_names(tree, "pci", 0x1AF4, 0x1041) == ("Red Hat, Inc.", "Virtio 1.0 network device")
    assert find_names(tree, "pci", 0x8086, 0x1521) == ("Intel Corporation", "I350 Gigabit Network Connection")
    assert find_names(tree, "pci", 0x8086, 0x1041) == ("Intel Corporation", None)  # its own devices only
    assert find_names(tree, "pci", 0x1AF4, 0x1100) == ("Red Hat, Inc.", None)  # a subsystem is no device
    assert find_names(tree, "pci", 0x000C, 0x0002) == (None, None)
    assert find_names(tree, "usb", 0x8086, 0x1521) == (None, None)
    assert find_names(tree, "spi", 0x8086, 0x1521) == (None, None)


def test_a_recording_keeps_only_the_lines_that_were_needed(tmp_path: Path) -> None:
    (tmp_path / "usr/share/hwdata").mkdir(parents=True)
    (tmp_path / "usr/share/hwdata/pci.ids").write_text(PCI_IDS)
    recording = Recording()
    tree = RecordingTree(recording, Tree(str(tmp_path)))
    for product in (0x1041, 0x1000, 0x1041):
        assert find_names(tree, "pci", 0x1AF4, product)[0] == "Red Hat, Inc."
    excerpt = recording.files["usr/share/hwdata/pci.ids"]
    assert excerpt.splitlines() == [
        b"1af4  Red Hat, Inc.", b"\t1041  Virtio 1.0 network device", b"1af4  Red Hat, Inc.",
        b"\t1000  Virtio network device"]  # fmt: skip
    (tmp_path / "usr/share/hwdata/pci.ids").write_bytes(excerpt)
    replayed = Tree(str(tmp_path))
    assert find_names(replayed, "pci", 0x1AF4, 0x1000) == ("Red Hat, Inc.", "Virtio network device")


def test_files_that_are_broken_have_no_names(tmp_path: Path) -> None:
    (tmp_path / "usr/share/misc").mkdir(parents=True)
    for content in (b"", b"1af4", b"1af4  ", b"1af4  \n\t1041  ", b"\xff\n1af4  \xff", b"1af4  A\n\t", b"\n\n\t\n"):
        (tmp_path / "usr/share/misc/pci.ids").write_bytes(content)
        vendor, product = find_names(Tree(str(tmp_path)), "pci", 0x1AF4, 0x1041)
        assert vendor in (None, "�", "A")
        assert product is None


def test_a_nic_without_the_database_of_udev_has_names_and_numbers(tmp_path: Path) -> None:
    machine = NetworkTree(tmp_path)
    machine.net("eth0", 2, machine.pci("0000:00:03.0", "virtio-pci", "0x1af4", "0x1041"))
    assert (machine.links()["eth0"].vendor, machine.links()["eth0"].product) == (None, None)
    machine.write("usr/share/misc/pci.ids", PCI_IDS)
    link = machine.links()["eth0"]
    assert (link.vendor, link.product, link.vendor_id, link.product_id) == (
        "Red Hat, Inc.", "Virtio 1.0 network device", "0x1af4", "0x1041")  # fmt: skip


def test_a_usb_nic_has_its_own_strings_before_those_of_usb_ids(tmp_path: Path) -> None:
    machine = NetworkTree(tmp_path)
    usb = machine.device("pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0", "usb", "r8152")
    machine.write("sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/idVendor", "0bda")
    machine.write("sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/idProduct", "8153")
    machine.write("sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/manufacturer", "Realtek")
    machine.write("var/lib/usbutils/usb.ids", "0bda  Realtek Semiconductor Corp.\n\t8153  RTL8153 Gigabit Adapter")
    machine.net("enx0", 2, usb)
    link = machine.links()["enx0"]
    assert (link.vendor, link.product, link.vendor_id, link.product_id) == (
        "Realtek", "RTL8153 Gigabit Adapter", "0x0bda", "0x8153")  # fmt: skip


def test_a_usb_nic_in_a_copy_has_the_numbers_of_its_module_alias(tmp_path: Path) -> None:
    machine = NetworkTree(tmp_path)
    alias = "usb:v0BDAp8153d3000dc00dsc00dp00icFFiscFFip00in00"
    machine.net("enx0", 2, machine.device("pci0000:00/usb1/1-2/1-2:1.0", "usb", modalias=alias))
    assert (machine.links()["enx0"].vendor_id, machine.links()["enx0"].product_id) == ("0x0bda", "0x8153")
