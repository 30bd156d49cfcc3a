"""Bonds and bridges from the files of a copy, speeds of stacked links, ends of tunnels."""

import socket
import struct

import pytest

from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs.net.bonding_files import parse_proc_bond
from hostinfo.drivers.sysfs.network import read
from hostinfo.model.network import Tunnel
from tests.support.network_tree import NetworkTree
from tests.support.rtnetlink import NATIVE as TO

LOCAL, REMOTE = socket.inet_aton("192.0.2.1"), socket.inet_aton("192.0.2.9")
LOCAL6, REMOTE6 = (socket.inet_pton(socket.AF_INET6, f"2001:db8::{end}") for end in (1, 2))
NODE_EXPORTER = {"carrier": "1", "speed": "1000", "bonding/slaves": "eth0 eth4"}


def test_a_bond_whose_files_lack_the_mode_has_its_ports(machine: NetworkTree) -> None:
    """As in the copy that node_exporter publishes: without mode, and without most of the ports' files."""
    for name, value in NODE_EXPORTER.items():
        machine.write(f"sys/class/net/dmz/{name}", value)
    machine.write("sys/class/net/eth0/mtu", "1500")
    links = machine.links()
    bond = links["dmz"].bond
    assert bond is not None
    assert (bond.mode, bond.ports, links["dmz"].ports, links["dmz"].speed_mbps) == (
        None, ("eth0", "eth4"), ("eth0", "eth4"), 1000)  # fmt: skip
    assert links["eth0"].controller == "dmz"


def test_a_bond_without_sysfs_files_is_read_from_proc(machine: NetworkTree) -> None:
    machine.write("sys/class/net/bond0/ifindex", "3")
    machine.write(
        "proc/net/bonding/bond0",
        "Ethernet Channel Bonding Driver: v6.1.0\n\nBonding Mode: IEEE 802.3ad Dynamic link aggregation\n"
        "Transmit Hash Policy: layer2 (0)\nMII Status: up\nMII Polling Interval (ms): 100\n\n802.3ad info\n"
        "LACP active: on\n\nSlave Interface: eth1\nMII Status: up\nSpeed: 10000 Mbps\n"
        "Permanent HW addr: 52:54:00:12:34:02\n\nSlave Interface: eth0\nPermanent HW addr: 52:54:00:12:34:01\n",
    )
    link = machine.links()["bond0"]
    assert link.kind == "bond"
    assert link.bond is not None
    assert (link.bond.mode, link.bond.miimon_milliseconds, link.bond.ports) == ("802.3ad", 100, ("eth1", "eth0"))


@pytest.mark.parametrize(("sentence", "mode"), [
    ("load balancing (round-robin)", "balance-rr"),
    ("fault-tolerance (active-backup)", "active-backup"),
    ("fault-tolerance (active-backup) (fail_over_mac active)", "active-backup"),
    ("load balancing (xor)", "balance-xor"),
    ("fault-tolerance (broadcast)", "broadcast"),
    ("IEEE 802.3ad Dynamic link aggregation", "802.3ad"),
    ("transmit load balancing", "balance-tlb"),
    ("adaptive load balancing", "balance-alb"),
    ("something new", None),
])  # fmt: skip
def test_modes_in_proc_are_those_of_the_bonding_driver(sentence: str, mode: str | None) -> None:
    bond = parse_proc_bond(f"Bonding Mode: {sentence}\nPrimary Slave: eth1 (primary_reselect always)\n"
                           "Currently Active Slave: None\n")  # fmt: skip
    assert bond.facts == {"mode": mode, "primary_port": "eth1", "active_port": None}


def test_a_bridge_without_links_to_its_ports_has_those_of_brif(machine: NetworkTree) -> None:
    machine.write("sys/class/net/br0/bridge/stp_state", "0")
    machine.write("sys/class/net/br0/brif/tap0/state", "3")
    machine.write("sys/class/net/tap0/tun_flags", "0x1002")
    links = machine.links()
    assert (links["br0"].ports, links["tap0"].controller) == (("tap0",), "br0")


def test_stacked_links_have_the_speed_that_the_kernel_reports(machine: NetworkTree) -> None:
    machine.net("bond0", 3, speed="20000", duplex="full")
    machine.net("br0", 5, speed="20000", duplex="unknown")
    machine.net("br1", 6, carrier="0", speed="10000")
    carrier = TO.attribute(33, b"\1")
    dump = TO.link(3, "bond0", TO.info("bond", TO.attribute(1, b"\4")), carrier)
    dump += TO.link(4, "bond0.7", TO.info("vlan", TO.attribute(1, b"\7\0")), TO.attribute(5, 3), carrier)
    dump += TO.link(5, "br0", TO.info("bridge"), carrier) + TO.link(
        6, "br1", TO.info("bridge"), TO.attribute(33, b"\0")
    )
    dump += TO.link(7, "mv0", TO.info("macvlan"), TO.attribute(5, 4), carrier)
    dump += TO.link(8, "mv1", TO.info("macvlan"), TO.attribute(5, 4), TO.attribute(33, b"\0"))
    found = {name: (link.speed_mbps, link.duplex) for name, link in machine.links(dump + TO.end).items()}
    assert found == {
        "bond0": (20000, "full"), "bond0.7": (20000, "full"), "br0": (20000, None), "br1": (None, None),
        "mv0": (20000, "full"), "mv1": (None, None),
    }  # fmt: skip


@pytest.mark.parametrize(("link_type", "local", "remote", "expected"), [
    (778, LOCAL, REMOTE, Tunnel(local="192.0.2.1", remote="192.0.2.9")),
    (776, LOCAL, bytes(4), Tunnel(local="192.0.2.1")),
    (768, LOCAL, REMOTE, Tunnel(local="192.0.2.1", remote="192.0.2.9")),
    (769, LOCAL6, REMOTE6, Tunnel(local="2001:db8::1", remote="2001:db8::2")),
    (823, LOCAL6, REMOTE6, Tunnel(local="2001:db8::1", remote="2001:db8::2")),
    (778, bytes(4), bytes(4), None),
])  # fmt: skip
def test_ip_addresses_of_tunnels_are_no_hardware_addresses(
    machine: NetworkTree, link_type: int, local: bytes, remote: bytes, expected: Tunnel | None
) -> None:
    """The link types are those for which ip(8) prints an IP address: ll_addr_n2a in iproute2."""
    addresses = TO.attribute(1, local), TO.attribute(2, remote), TO.attribute(54, local)
    machine.net("t0", 4, address=local.hex(":"), broadcast=remote.hex(":"), type=str(link_type))
    for link in (
        machine.links(TO.link(4, "t0", *addresses, device=link_type) + TO.end)["t0"],
        machine.links()["t0"],
    ):
        assert (link.mac, link.broadcast_mac, link.permanent_mac, link.tunnel) == (None, None, None, expected)


def test_an_ethernet_tunnel_has_a_hardware_address_and_its_ends(machine: NetworkTree) -> None:
    mac = TO.attribute(1, bytes.fromhex("02fc00000001"))
    gretap = TO.info("gretap", TO.attribute(6, LOCAL), TO.attribute(7, REMOTE))
    geneve = TO.info("geneve", TO.attribute(1, 4), TO.attribute(7, REMOTE6))
    links = machine.links(TO.link(4, "gt1", gretap, mac) + TO.link(5, "gn1", geneve, mac) + TO.end)
    assert (links["gt1"].mac, links["gt1"].tunnel) == (
        "02:fc:00:00:00:01", Tunnel(local="192.0.2.1", remote="192.0.2.9"))  # fmt: skip
    assert links["gn1"].tunnel == Tunnel(remote="2001:db8::2")


def test_a_four_byte_address_of_another_type_stays_a_hardware_address(machine: NetworkTree) -> None:
    link = machine.links(TO.link(4, "x0", TO.attribute(1, b"\1\2\3\4"), device=65534) + TO.end)["x0"]
    assert (link.mac, link.tunnel) == ("01:02:03:04", None)


def test_a_team_in_files_has_a_speed_though_it_has_no_kind(machine: NetworkTree) -> None:
    base = machine.net("team0", 3, speed="2000", duplex="full")
    machine.net("eth0", 2, machine.pci("0000:00:04.0", "igb", "0x8086", "0x1521"), speed="1000")
    machine.link(f"{base}/lower_eth0", "../../../pci0000:00/0000:00:04.0/net/eth0")
    machine.net("veth0", 4, speed="10000", duplex="full")
    found = {name: (link.kind, link.is_physical, link.speed_mbps) for name, link in machine.links().items()}
    assert found == {
        "eth0": ("physical", True, 1000), "team0": (None, False, 2000), "veth0": (None, False, None)}  # fmt: skip


def test_the_speed_of_a_bond_comes_from_ethtool_if_sysfs_shows_another_namespace(machine: NetworkTree) -> None:
    machine.net("bond0", 33, speed="1000")
    dump = TO.link(3, "bond0", TO.info("bond", TO.attribute(1, b"\4")), TO.attribute(33, b"\1")) + TO.end
    settings = struct.pack("=IIBBBB", 0x4C, 20000, 1, 3, 0, 1) + bytes(36)  # struct ethtool_link_settings
    sources = Sources(
        tree=Tree(str(machine.root)),
        netlink={"links": dump}.__getitem__,
        ethtool=lambda _name, _command, _size: settings,
    )
    (link,) = read(sources, frozenset({"links"})).value.links
    assert (link.speed_mbps, link.duplex, link.is_physical) == (20000, "full", False)
