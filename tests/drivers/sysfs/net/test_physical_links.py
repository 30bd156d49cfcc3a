"""Which links are hardware: a device behind the link makes it so, whatever its kind is called.

The devices and names are those of the kernel's documentation (networking/representors.rst, networking/dsa,
infiniband/ipoib.rst, net_failover.rst) and of drivers/net.
"""

import pytest

from hostinfo.drivers.sysfs.net.representor import parse_representor
from hostinfo.model.network import Representor
from tests.support.network_tree import NetworkTree
from tests.support.rtnetlink import NATIVE as TO

LOWER, KIND_PARENT, KIND_PARENT_BUS, PORT_NAME, SWITCH_ID = 5, 56, 57, 38, 36


def mellanox(machine: NetworkTree, address: str = "0000:d8:00.1", **attributes: str) -> str:
    return machine.device(f"pci0000:d7/{address}", "pci", "mlx5_core", vendor="0x15b3", device="0x1017", **attributes)


def parent(name: str, bus: str = "pci") -> bytes:
    return TO.attribute(KIND_PARENT, name) + TO.attribute(KIND_PARENT_BUS, bus)


def test_a_representor_is_no_nic_and_says_which_function_it_stands_for(machine: NetworkTree) -> None:
    device = mellanox(machine, sriov_totalvfs="8", sriov_numvfs="2")
    machine.net("ens8f1", 4, device, phys_port_name="p1", phys_switch_id="9cdd2d0003ebfa9c")
    machine.net("58609951635cbfa", 5, device, phys_port_name="pf1vf0", phys_switch_id="9cdd2d0003ebfa9c")
    links = machine.links()
    port, representor = links["ens8f1"], links["58609951635cbfa"]
    assert (port.kind, port.is_physical, port.bus_address) == ("physical", True, "0000:d8:00.1")
    assert port.sriov is not None
    assert (port.sriov.total, port.sriov.enabled, port.port_name, port.representor) == (8, 2, "p1", None)
    assert (representor.kind, representor.is_physical, representor.bus_address, representor.sriov) == (
        "representor", False, None, None)  # fmt: skip
    assert representor.representor == Representor(pf=1, vf=0, bus_address="0000:d8:00.1")
    assert port.switch_id == representor.switch_id == "9cdd2d0003ebfa9c"


def test_a_representor_in_netlink_alone_is_no_nic(machine: NetworkTree) -> None:
    dump = TO.link(
        4, "eth0", parent("0000:03:00.0"), TO.attribute(PORT_NAME, b"p0"), TO.attribute(SWITCH_ID, b"\x9c\1")
    )
    dump += TO.link(5, "eth1", parent("0000:03:00.0"), TO.attribute(PORT_NAME, b"c1pf0vf12"))
    links = machine.links(dump + TO.end)
    assert [(link.kind, link.is_physical, link.bus_address) for link in links.values()] == [
        ("physical", True, "0000:03:00.0"), ("representor", False, None)]  # fmt: skip
    assert links["eth1"].representor == Representor(controller=1, pf=0, vf=12, bus_address="0000:03:00.0")
    assert (links["eth0"].port_name, links["eth0"].switch_id) == ("p0", "9c01")


def test_a_bare_number_is_a_virtual_function_only_on_a_nic_that_has_some(machine: NetworkTree) -> None:
    """mlx5 before Linux 5.1 names representors so; other switches number their ports."""
    device = mellanox(machine, sriov_totalvfs="8", sriov_numvfs="2")
    machine.net("eth2", 4, device, phys_switch_id="00c0ff")
    machine.net("eth3", 5, device, phys_port_name="1", phys_switch_id="00c0ff")
    machine.net("sw1", 6, machine.device("pci0000:00/0000:02:00.0", "pci"), phys_port_name="1", phys_switch_id="aa")
    links = machine.links()
    assert [links[name].kind for name in ("eth2", "eth3", "sw1")] == ["physical", "representor", "physical"]
    assert links["eth3"].representor == Representor(vf=1, bus_address="0000:d8:00.1")


@pytest.mark.parametrize(("name", "expected"), [
    ("pf0", Representor(pf=0)),
    ("pf2vf37", Representor(pf=2, vf=37)),
    ("pf0sf88", Representor(pf=0, sf=88)),
    ("c1pf0", Representor(controller=1, pf=0)),
    ("c2pf1sf3", Representor(controller=2, pf=1, sf=3)),
    ("p0pf1vf2", Representor(pf=1, vf=2)),
    *[(name, None) for name in ("p0", "p1s3", "n0", "7", "sw1p2", "", "pf", "pfvf1", "pf1pf2", "swp1", "c0", "pf٣")],
    (None, None),
])  # fmt: skip
def test_port_names_of_the_kernel(name: str | None, expected: Representor | None) -> None:
    assert parse_representor(name) == expected


def test_an_infiniband_port_is_hardware_and_its_child_is_not(machine: NetworkTree) -> None:
    device = mellanox(machine, "0000:41:00.0")
    machine.net("ib0", 4, device, type="32", speed="100000", carrier="1")
    machine.net("ib0.8013", 5, device, type="32", iflink="4")
    kind = TO.info("ipoib", TO.attribute(1, b"\xff\xff"))
    dump = TO.link(4, "ib0", kind, parent("0000:41:00.0"), TO.attribute(LOWER, 4), TO.attribute(33, b"\1"), device=32)
    dump += TO.link(5, "ib0.8013", kind, parent("0000:41:00.0"), TO.attribute(LOWER, 4), device=32)
    links = machine.links(dump + TO.end)
    port, child = links["ib0"], links["ib0.8013"]
    assert (port.kind, port.is_physical, port.driver, port.bus, port.bus_address, port.speed_mbps, port.vendor_id) == (
        "ipoib", True, "mlx5_core", "pci", "0000:41:00.0", 100000, "0x15b3")  # fmt: skip
    assert (child.kind, child.is_physical, child.driver, child.bus, child.bus_address, child.lower) == (
        "ipoib", False, None, None, None, ("ib0",))  # fmt: skip
    from_files = machine.links()
    assert [(link.is_physical, link.bus_address, link.lower) for link in from_files.values()] == [
        (True, "0000:41:00.0", ()), (False, None, ("ib0",))]  # fmt: skip


def test_an_infiniband_child_whose_port_is_in_another_namespace_is_not_hardware(machine: NetworkTree) -> None:
    child = TO.link(
        5, "ib0.8013", TO.info("ipoib"), parent("0000:41:00.0"), TO.attribute(LOWER, 4), TO.attribute(37, 0)
    )
    assert machine.links(child + TO.end)["ib0.8013"].is_physical is False


@pytest.mark.parametrize("kind", ["can", "dsa", "wwan", None])
def test_a_port_with_a_device_of_its_own_is_hardware(machine: NetworkTree, kind: str | None) -> None:
    """An old kernel has no IFLA_PARENT_DEV_NAME: sysfs alone shows the device."""
    machine.net("eth0", 2, machine.pci("0000:00:04.0", "igb", "0x8086", "0x1521"))
    machine.net("port", 3, machine.device("platform/spi0/spi0.1", "spi", "mcp251x"), iflink="2")
    attributes = (TO.info(kind),) if kind else ()
    dump = TO.link(2, "eth0") + TO.link(3, "port", *attributes, TO.attribute(LOWER, 2)) + TO.end
    port = machine.links(dump)["port"]
    assert (port.kind, port.is_physical, port.driver, port.bus, port.bus_address, port.lower) == (
        kind or "physical", True, "mcp251x", "spi", "spi0.1", ("eth0",))  # fmt: skip


def test_a_failover_link_shares_the_device_of_its_standby_and_is_not_hardware(machine: NetworkTree) -> None:
    device = f"{machine.pci('0000:00:05.0', 'virtio-pci', '0x1af4', '0x1041')}/virtio2"
    machine.device(device, "virtio", "virtio_net")
    machine.net("ens5", 2, device)
    machine.net("ens5nsby", 3, device)
    machine.net("ens6", 4, machine.pci("0000:00:06.0", "iavf", "0x8086", "0x1889"))
    dump = TO.link(2, "ens5") + TO.link(3, "ens5nsby", TO.attribute(10, 2)) + TO.link(4, "ens6", TO.attribute(10, 2))
    links = machine.links(dump + TO.end)
    assert {name: link.is_physical for name, link in links.items()} == {"ens5": False, "ens5nsby": True, "ens6": True}


def test_a_synthetic_nic_of_hyper_v_and_the_virtual_function_under_it_are_two_devices(machine: NetworkTree) -> None:
    vmbus = machine.device("LNXSYSTM:00/VMBUS:01/000d3af8-8a5b", "vmbus", "hv_netvsc", vendor="0x1414", device="0x3")
    machine.net("eth0", 2, vmbus)
    machine.net("enP1s1", 3, machine.pci("0001:00:02.0", "mlx5_core", "0x15b3", "0x1016"))
    links = machine.links(TO.link(2, "eth0") + TO.link(3, "enP1s1", TO.attribute(10, 2)) + TO.end)
    assert [(link.is_physical, link.bus, link.driver, link.controller) for link in links.values()] == [
        (True, "vmbus", "hv_netvsc", None), (True, "pci", "mlx5_core", "eth0")]  # fmt: skip


def test_links_without_hardware_are_not_physical(machine: NetworkTree) -> None:
    machine.link("sys/devices/netdevsim10/subsystem", "../../bus/netdevsim")
    machine.net("eni10np1", 2, "netdevsim10")  # the kernel's simulated device
    machine.net("wlan0", 3, "virtual/mac80211_hwsim/hwsim0")  # a simulated radio; netlink names hwsim0 as its parent
    machine.net("dummy0", 4)
    simulated = TO.link(2, "eni10np1", TO.info("netdevsim"), parent("netdevsim10", "netdevsim"))
    simulated += TO.link(3, "wlan0", TO.attribute(KIND_PARENT, "hwsim0"))
    simulated += TO.link(4, "dummy0", TO.info("dummy"))
    links = machine.links(simulated + TO.end)
    assert {name: (link.is_physical, link.bus_address) for name, link in links.items()} == {
        "eni10np1": (False, None), "wlan0": (False, None), "dummy0": (False, None)}  # fmt: skip


def test_a_virtual_function_names_its_physical_function(machine: NetworkTree) -> None:
    device = machine.pci("0000:03:02.0", "iavf", "0x8086", "0x154c")
    machine.link(f"sys/devices/{device}/physfn", "../0000:03:00.0")
    machine.net("enp3s0f0v0", 7, device)
    link = machine.links()["enp3s0f0v0"]
    assert (link.is_physical, link.physical_function, link.sriov) == (True, "0000:03:00.0", None)


def test_a_subfunction_has_the_numbers_of_its_nic(machine: NetworkTree) -> None:
    device = f"{mellanox(machine, '0000:08:00.0')}/mlx5_core.sf.4"
    machine.device(device, "auxiliary", "mlx5_core.sf")
    machine.net("enp8s0f0s88", 9, device)
    link = machine.links()["enp8s0f0s88"]
    assert (link.is_physical, link.bus, link.bus_address, link.vendor_id, link.product_id) == (
        True, "auxiliary", "mlx5_core.sf.4", "0x15b3", "0x1017")  # fmt: skip


def test_a_modem_has_the_bus_of_its_device_and_not_its_class(machine: NetworkTree) -> None:
    usb = machine.device("pci0000:00/0000:00:14.0/usb2/2-3/2-3:1.2", "usb", "cdc_mbim")
    machine.link(f"sys/devices/{usb}/wwan/wwan0/subsystem", "../../../../../../../../class/wwan")
    machine.link(f"sys/devices/{usb}/wwan/subsystem", "../../../../../../../bus/usb")
    machine.net("wwan0", 3, f"{usb}/wwan/wwan0")
    link = machine.links(TO.link(3, "wwan0", TO.info("wwan"), TO.attribute(KIND_PARENT, "wwan0")) + TO.end)["wwan0"]
    assert (link.kind, link.is_physical, link.bus) == ("wwan", True, "usb")


def test_a_copy_whose_device_is_a_folder_shows_hardware(machine: NetworkTree) -> None:
    machine.write("sys/class/net/eth0/ifindex", "2")
    machine.write("sys/class/net/eth0/device/vendor", "0x8086")
    machine.write("sys/class/net/eth0/device/device", "0x1521")
    machine.write("sys/class/net/eth0/device/modalias", "pci:v00008086d00001521sv0000FFFFsd00000000bc02sc00i00")
    machine.write("sys/class/net/br0/ifindex", "3")
    links = machine.links()
    assert (links["eth0"].is_physical, links["eth0"].bus, links["eth0"].vendor_id) == (True, "pci", "0x8086")
    assert links["br0"].is_physical is None  # a copy may lack the link to the device


def test_without_sysfs_and_without_a_parent_in_netlink_nothing_is_claimed(machine: NetworkTree) -> None:
    links = machine.links(TO.link(2, "eth0") + TO.link(3, "br0", TO.info("bridge")) + TO.end)
    assert (links["eth0"].kind, links["eth0"].is_physical) == (None, None)
    assert links["br0"].is_physical is False
