"""The network group of a tree of files, and what stands behind physical links.

The bonded machine is laid out as Linux 6.1 laid it out on a real one with two e1000 ports; names and numbers are those
that its ``ip link`` and ``ip addr`` printed.
"""

import errno
import os
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostinfo.drivers.sources import ethtool
from hostinfo.drivers.sources.netlink.dump_socket import dump
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs.net.inet6 import parse_if_inet6
from hostinfo.drivers.sysfs.net.link_counters import parse_proc_net_dev, read_link_counters
from hostinfo.drivers.sysfs.net.resolver import ENTRIES_LIMIT, parse_resolv_conf
from hostinfo.drivers.sysfs.network import read
from hostinfo.errors import ReadError, Unsupported
from hostinfo.fact import GroupResult
from hostinfo.model.network import Link, Network

MAC = "52:54:00:12:34:01"


class Machine:
    """Writes a tree of /sys and /proc."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "sys/class/net").mkdir(parents=True)

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text + "\n")

    def link(self, path: str, target: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def net(self, name: str, index: int, device: str = "virtual", **attributes: str) -> str:
        base = f"sys/devices/{device}/net/{name}"
        standard = {
            "ifindex": str(index), "iflink": str(index), "address": MAC, "broadcast": "ff:ff:ff:ff:ff:ff",
            "mtu": "1500", "operstate": "up", "carrier": "1", "flags": "0x1003", "type": "1", "tx_queue_len": "1000",
            "netdev_group": "0", "uevent": f"INTERFACE={name}\nIFINDEX={index}",
        }  # fmt: skip
        for key, value in (standard | attributes).items():
            self.write(f"{base}/{key}", value)
        self.link(f"sys/class/net/{name}", f"../../devices/{device}/net/{name}")
        if device != "virtual":
            self.link(f"{base}/device", f"../../../{device.rpartition('/')[2]}")
        return base

    def pci(self, address: str, driver: str, vendor: str, device: str) -> str:
        base = f"pci0000:00/{address}"
        self.write(f"sys/devices/{base}/vendor", vendor)
        self.write(f"sys/devices/{base}/device", device)
        self.link(f"sys/devices/{base}/driver", f"../../../bus/pci/drivers/{driver}")
        self.link(f"sys/devices/{base}/subsystem", "../../../bus/pci")
        return base

    def read(self, fields: frozenset[str] | None = None) -> GroupResult[Network]:
        return read(Sources(tree=Tree(str(self.root))), fields)

    def links(self) -> dict[str, Link]:
        return {link.name: link for link in self.read().value.links}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def bonded(machine: Machine) -> Machine:
    machine.net("lo", 1, type="772", address="00:00:00:00:00:00", operstate="unknown", flags="0x9")
    for index, name, slot in ((4, "eth0", "0000:00:02.0"), (5, "eth1", "0000:00:03.0")):
        device = machine.pci(slot, "e1000", "0x8086", "0x100e")
        base = machine.net(name, index, device, speed="1000", duplex="full", flags="0x1803")
        machine.link(f"{base}/master", "../../../../virtual/net/bond0")
        machine.link(f"{base}/upper_bond0", "../../../../virtual/net/bond0")
    base = machine.net("bond0", 3, uevent="DEVTYPE=bond")
    for name, slot in (("eth0", "0000:00:02.0"), ("eth1", "0000:00:03.0")):
        machine.link(f"{base}/lower_{name}", f"../../../pci0000:00/{slot}/net/{name}")
    for name, value in {
        "mode": "active-backup 1", "active_slave": "eth1", "miimon": "100", "slaves": "eth0 eth1", "primary": "",
        "lacp_rate": "slow 0", "updelay": "0", "arp_ip_target": "192.0.2.1 192.0.2.2", "ad_partner_mac": "",
    }.items():  # fmt: skip
        machine.write(f"{base}/bonding/{name}", value)
    machine.write("sys/class/net/bonding_masters", "bond0")
    base = machine.net("bond0.100", 7, iflink="3", uevent="DEVTYPE=vlan")
    machine.link(f"{base}/lower_bond0", "../bond0")
    machine.link(f"{base}/master", "../br100")
    base = machine.net("br100", 8, uevent="DEVTYPE=bridge")
    machine.link(f"{base}/lower_bond0.100", "../bond0.100")
    for name, value in {
        "stp_state": "0", "forward_delay": "1500", "hello_time": "200", "max_age": "2000", "ageing_time": "30000",
        "priority": "32768", "bridge_id": "8000.525400123401", "root_id": "8000.525400123401", "vlan_filtering": "0",
        "multicast_snooping": "1",
    }.items():  # fmt: skip
        machine.write(f"{base}/bridge/{name}", value)
    machine.write(
        "proc/net/vlan/config",
        "VLAN Dev name    | VLAN ID\nName-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD\nbond0.100      | 100  | bond0",
    )
    machine.write(
        "proc/net/bonding/bond0",
        "Bonding Mode: fault-tolerance (active-backup)\n\nSlave Interface: eth0\nPermanent HW addr: 52:54:00:12:34:01\n"
        "\nSlave Interface: eth1\nMII Status: up\nPermanent HW addr: 52:54:00:12:34:02",
    )
    machine.write(
        "proc/net/if_inet6",
        "20010db8000000000000000000000010 08 40 00 80    br100\n"
        "fe80000000000000505400fffe123401 03 40 20 80    bond0\n"
        "00000000000000000000000000000001 01 80 10 80       lo",
    )
    return machine


def test_the_stack_of_a_tree_is_resolved_from_port_to_bridge(bonded: Machine) -> None:
    links = bonded.links()
    assert list(links) == ["lo", "bond0", "eth0", "eth1", "bond0.100", "br100"]
    assert [(link.kind, link.lower, link.controller) for link in links.values()] == [
        ("loopback", (), None), ("bond", ("eth0", "eth1"), None), ("physical", (), "bond0"), ("physical", (), "bond0"),
        ("vlan", ("bond0",), "br100"), ("bridge", ("bond0.100",), None),
    ]  # fmt: skip
    assert links["bond0"].ports == ("eth0", "eth1")
    assert links["bond0.100"].vlan is not None
    assert links["bond0.100"].vlan.id == 100


def test_a_bond_of_a_tree_tells_its_mode_and_options_without_their_numbers(bonded: Machine) -> None:
    bond = bonded.links()["bond0"].bond
    assert bond is not None
    assert (bond.mode, bond.active_port, bond.primary_port, bond.miimon_milliseconds) == (
        "active-backup", "eth1", None, 100)  # fmt: skip
    assert bond.options == {"lacp_rate": "slow", "updelay": 0, "arp_ip_target": "192.0.2.1,192.0.2.2"}


def test_a_bridge_of_a_tree_tells_its_times_in_seconds(bonded: Machine) -> None:
    bridge = bonded.links()["br100"].bridge
    assert bridge is not None
    assert (bridge.forward_delay_seconds, bridge.ageing_time_seconds, bridge.priority) == (15.0, 300.0, 32768)
    assert (bridge.stp, bridge.multicast_snooping, bridge.bridge_id) == (False, True, "8000.525400123401")


def test_ports_of_a_bond_share_its_address_and_keep_their_permanent_ones(bonded: Machine) -> None:
    links = bonded.links()
    assert {links[name].mac for name in ("bond0", "eth0", "eth1")} == {MAC}
    assert [links[name].permanent_mac for name in ("eth0", "eth1")] == [MAC, "52:54:00:12:34:02"]


def test_a_physical_link_of_a_tree_tells_driver_bus_numbers_and_speed(bonded: Machine) -> None:
    link = bonded.links()["eth1"]
    assert (link.driver, link.bus, link.bus_address, link.vendor, link.product, link.speed_mbps, link.duplex) == (
        "e1000", "pci", "0000:00:03.0", "0x8086", "0x100e", 1000, "full")  # fmt: skip


def test_a_tree_says_that_it_cannot_tell_ipv4_addresses_and_routes(bonded: Machine) -> None:
    fact = bonded.read()
    assert [(a.link, a.index, a.address, a.prefix_length, a.scope, a.flags) for a in fact.value.addresses] == [
        ("lo", 1, "::1", 128, "host", ("permanent",)),
        ("bond0", 3, "fe80::5054:ff:fe12:3401", 64, "link", ("permanent",)),
        ("br100", 8, "2001:db8::10", 64, "global", ("permanent",)),
    ]
    assert [(problem.path, type(problem.error)) for problem in fact.problems] == [
        ("addresses", Unsupported), ("routes", Unsupported)]  # fmt: skip


def test_a_virtio_link_has_the_bus_address_of_what_carries_it(machine: Machine) -> None:
    pci = machine.pci("0000:00:04.0", "virtio-pci", "0x1af4", "0x1041")
    device = f"{pci}/virtio1"
    machine.link(f"sys/devices/{device}/driver", "../../../../bus/virtio/drivers/virtio_net")
    machine.link(f"sys/devices/{device}/subsystem", "../../../../bus/virtio")
    machine.net("eth0", 2, device, speed="-1", duplex="unknown")
    link = machine.links()["eth0"]
    assert (link.driver, link.bus, link.bus_address, link.vendor) == ("virtio_net", "pci", "0000:00:04.0", "0x1af4")
    assert (link.speed_mbps, link.duplex) == (None, None)


@pytest.mark.parametrize("speed", ["-1", "0", "4294967295", "65535", "fast", ""])
def test_a_speed_that_is_none_is_absent(machine: Machine, speed: str) -> None:
    machine.net("eth0", 2, machine.pci("0000:00:04.0", "e1000", "0x8086", "0x100e"), speed=speed)
    assert machine.links()["eth0"].speed_mbps is None


def test_without_carrier_there_is_no_speed(machine: Machine) -> None:
    device = machine.pci("0000:00:04.0", "e1000", "0x8086", "0x100e")
    machine.net("eth0", 2, device, speed="1000", duplex="full", carrier="0", operstate="down")
    link = machine.links()["eth0"]
    assert (link.has_carrier, link.state, link.speed_mbps, link.duplex) == (False, "down", None, None)


def test_a_usb_link_has_the_names_that_its_device_tells(machine: Machine) -> None:
    usb = "pci0000:00/0000:00:14.0/usb1/1-2"
    machine.write(f"sys/devices/{usb}/idVendor", "0bda")
    machine.write(f"sys/devices/{usb}/idProduct", "8153")
    machine.write(f"sys/devices/{usb}/manufacturer", "Realtek")
    machine.link(f"sys/devices/{usb}/1-2:1.0/subsystem", "../../../../../../bus/usb")
    machine.net("enx0", 2, f"{usb}/1-2:1.0")
    link = machine.links()["enx0"]
    assert (link.bus, link.bus_address, link.vendor, link.product) == ("usb", "1-2:1.0", "Realtek", "0x8153")


def test_names_are_those_that_udev_found_in_the_hardware_database(machine: Machine) -> None:
    machine.net("eth0", 2, machine.pci("0000:00:04.0", "e1000e", "0x8086", "0x10d3"))
    machine.write(
        "run/udev/data/+pci:0000:00:04.0",
        "I:1234\nE:ID_VENDOR_FROM_DATABASE=Intel Corporation\nE:ID_MODEL_FROM_DATABASE=82574L Gigabit",
    )
    link = machine.links()["eth0"]
    assert (link.vendor, link.product) == ("Intel Corporation", "82574L Gigabit")


def test_what_udevs_own_file_does_not_name_pyudev_is_asked_for(machine: Machine) -> None:
    machine.net("eth0", 2, machine.pci("0000:00:04.0", "e1000e", "0x8086", "0x10d3"))
    machine.write("run/udev/data/+pci:0000:00:04.0", "I:1234")
    asked = []

    def properties(path: str) -> dict[str, str]:
        asked.append(path)
        return {"ID_VENDOR_FROM_DATABASE": "Intel Corporation"}

    fact = read(Sources(tree=Tree(str(machine.root)), udev=properties), None)
    assert asked == ["/sys/devices/pci0000:00/0000:00:04.0"]
    assert (fact.value.links[0].vendor, fact.value.links[0].product) == ("Intel Corporation", "0x10d3")


def test_a_copy_without_the_link_to_the_bus_tells_it_by_the_alias_of_its_module(machine: Machine) -> None:
    machine.write(
        "sys/devices/pci0000:00/0000:06:00.0/modalias", "pci:v00008086d00001521sv0000FFFFsd00000000bc02sc00i00"
    )
    machine.net("enp6s0f0", 2, "pci0000:00/0000:06:00.0")
    link = machine.links()["enp6s0f0"]
    assert (link.kind, link.bus, link.bus_address) == ("physical", "pci", "0000:06:00.0")


def test_virtual_functions_are_counted(machine: Machine) -> None:
    device = machine.pci("0000:00:04.0", "ixgbe", "0x8086", "0x10fb")
    machine.write(f"sys/devices/{device}/sriov_totalvfs", "63")
    machine.write(f"sys/devices/{device}/sriov_numvfs", "4")
    machine.net("eth0", 2, device)
    sriov = machine.links()["eth0"].sriov
    assert sriov is not None
    assert (sriov.total, sriov.enabled) == (63, 4)


def test_the_near_end_of_a_xen_guests_link_is_no_hardware(machine: Machine) -> None:
    machine.link("sys/devices/vif-1-0/subsystem", "../../bus/xen-backend")
    machine.net("vif1.0", 5, "vif-1-0")
    link = machine.links()["vif1.0"]
    assert (link.kind, link.bus_address, link.driver) == ("vif", None, None)


def test_an_infiniband_link_of_a_tree_has_its_whole_address(machine: Machine) -> None:
    mac = ":".join(f"{byte:02x}" for byte in range(0x80, 0x94))
    machine.net("ib0", 2, machine.pci("0000:00:04.0", "mlx5_core", "0x15b3", "0x1013"), address=mac, type="32")
    assert machine.links()["ib0"].mac == mac


def test_a_tree_with_neither_links_nor_resolver_is_empty_and_no_failure(tmp_path: Path) -> None:
    fact = read(Sources(tree=Tree(str(tmp_path))), None)
    assert (fact.value.links, fact.value.addresses, fact.value.routes, fact.value.dns) == ((), (), (), None)


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe\x00", b"9" * 5000, b"-1", b"\n\n", b"0x"])
def test_a_tree_whose_attributes_are_garbled_loses_their_values_only(bonded: Machine, garbage: bytes) -> None:
    for path in bonded.root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.write_bytes(garbage)
    assert set(bonded.links()) == {"lo", "bond0", "eth0", "eth1", "bond0.100", "br100"}


def test_only_what_is_asked_for_is_read(bonded: Machine) -> None:
    class Listening(Tree):
        def data(self, path: str, limit: int = 1 << 20) -> bytes:
            asked.append(path)
            return super().data(path, limit)

    asked: list[str] = []
    read(Sources(tree=Listening(str(bonded.root))), frozenset({"dns"}))
    assert asked == ["etc/resolv.conf"]


# -- the live machine's devices -------------------------------------------------------------------------------------


def physical() -> list[str]:
    names = os.listdir("/sys/class/net")
    return [name for name in names if "/virtual/" not in os.path.realpath(f"/sys/class/net/{name}") and os.path.isdir(
        f"/sys/class/net/{name}")]  # fmt: skip


def live(asked: Callable[[str, int, int], bytes] | None = ethtool.read_reply) -> dict[str, Link]:
    sources = Sources(tree=Tree("/"), netlink=dump, ethtool=asked)
    return {link.name: link for link in read(sources, None).value.links}


needs_ethtool = pytest.mark.skipif(
    shutil.which("ethtool", path=os.environ["PATH"] + ":/usr/sbin") is None or not physical(),
    reason="needs the ethtool program as the oracle, and a physical link",
)


def ethtool_says(*arguments: str) -> dict[str, str]:
    environment = os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin", "LC_ALL": "C"}
    run = subprocess.run(["ethtool", *arguments], capture_output=True, text=True, check=True, env=environment)
    pairs = (line.strip().partition(":") for line in run.stdout.splitlines())
    return {key: value.strip() for key, _, value in pairs}


@needs_ethtool
def test_physical_links_tell_what_the_ethtool_program_tells() -> None:
    links = live()
    for name in physical():
        info, settings, ours = ethtool_says("-i", name), ethtool_says(name), links[name]
        assert ours.driver == info["driver"]
        assert ours.bus_address == info["bus-info"]
        assert ours.driver_version == (info["version"] or None)
        assert ours.firmware == (info["firmware-version"] or None)
        speed = settings["Speed"].removesuffix("Mb/s")
        assert ours.speed_mbps == (int(speed) if speed.isdecimal() else None)
        assert ours.duplex == {"Full": "full", "Half": "half"}.get(settings["Duplex"].partition(" ")[0])
        assert ours.autonegotiation == {"on": True, "off": False}.get(settings["Auto-negotiation"])
        assert ours.permanent_mac == ethtool_says("-P", name)["Permanent address"]


@needs_ethtool
def test_offloads_and_rings_are_those_of_the_ethtool_program() -> None:
    pytest.importorskip("ethtool")
    words = {"sg": "scatter-gather", "tso": "tcp-segmentation-offload", "gso": "generic-segmentation-offload",
             "gro": "generic-receive-offload"}  # fmt: skip
    sources = Sources(tree=Tree("/"), netlink=dump, features=ethtool.read_features)
    links = {link.name: link for link in read(sources, None).value.links}
    for name in physical():
        says = ethtool_says("-k", name)
        on = {short for short, word in words.items() if says[word].startswith("on")}
        assert set(links[name].offloads or ()) - {"ufo"} == on
        assert links[name].rx_ring_size == int(ethtool_says("-g", name)["RX"])


@pytest.mark.skipif(not physical(), reason="needs a physical link")
def test_a_link_that_vanishes_before_ethtool_drops_out_alone() -> None:
    def vanished(name: str, command: int, size: int) -> bytes:
        if name == gone:
            raise ReadError(f"ethtool {name}", os.strerror(errno.ENODEV), errno.ENODEV)
        return ethtool.read_reply(name, command, size)

    gone = physical()[0]
    sources = Sources(tree=Tree("/"), netlink=dump, ethtool=vanished)
    fact = read(sources, None)
    names = {link.name for link in fact.value.links}
    assert names == set(live()) - {gone}
    assert gone not in {address.link for address in fact.value.addresses}
    assert fact.problems == ()


def test_ethtool_on_a_link_that_is_not_there_is_a_read_error() -> None:
    with pytest.raises(ReadError) as caught:
        ethtool.read_reply("no-such-link", ethtool.ETHTOOL_GDRVINFO, ethtool.DRIVER_INFO_BYTES)
    assert caught.value.errno == errno.ENODEV


def test_link_settings_of_a_gigabit_port() -> None:
    # struct ethtool_link_settings: command, speed, duplex, port, phy, autoneg, …
    data = struct.pack("=IIBBBB", 0x4C, 1000, 1, 3, 0, 1) + bytes(36)
    assert ethtool.parse_settings(data, has_carrier=True) == {
        "speed_mbps": 1000, "duplex": "full", "autonegotiation": True, "port_type": "fibre"}  # fmt: skip
    assert ethtool.parse_settings(data, has_carrier=False)["speed_mbps"] is None


# -- parsers --------------------------------------------------------------------------------------------------------


def test_the_resolver_is_told_as_configured() -> None:
    dns = parse_resolv_conf(
        "# made by hand\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\ndomain old.example\n"
        "search a.example b.example\noptions ndots:2 rotate\n;nameserver 192.0.2.54\noptions edns0\n"
    )
    assert dns.servers == ("192.0.2.53", "fe80::1%eth0")
    assert dns.search == ("a.example", "b.example")
    assert dns.options == ("ndots:2", "rotate", "edns0")


def test_counters_without_netlink_are_those_of_proc_net_dev(tmp_path: Path) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/dev").write_text(
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|"
        "bytes    packets errs drop fifo colls carrier compressed\n"
        "  eth0: 1161 9 1 2 0 0 0 5 1248 12 3 4 0 0 0 0\n"
    )
    (found,) = read_link_counters(Sources(tree=Tree(str(tmp_path))))
    assert (found.name, found.rx_bytes, found.rx_packets, found.rx_errors, found.rx_dropped) == ("eth0", 1161, 9, 1, 2)
    assert (found.multicast, found.tx_bytes, found.tx_packets, found.tx_errors, found.tx_dropped) == (5, 1248, 12, 3, 4)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_survived_by_the_parsers_of_files(text: str) -> None:
    dns = parse_resolv_conf(text)
    assert len(dns.servers) + len(dns.search) + len(dns.options) <= ENTRIES_LIMIT * 3
    assert len(parse_if_inet6(text)) <= len(text.splitlines())
    assert len(parse_proc_net_dev(text)) <= len(text.splitlines())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_answer_of_ethtool_is_survived(data: bytes) -> None:
    assert set(ethtool.parse_driver_info(data)) == {"driver", "driver_version", "firmware", "bus_address"}
    assert ethtool.parse_settings(data, has_carrier=True).keys() <= {
        "speed_mbps", "duplex", "autonegotiation", "port_type"}  # fmt: skip
    permanent = ethtool.parse_permanent(data)
    assert permanent is None or len(permanent) <= 32 * 3 - 1
