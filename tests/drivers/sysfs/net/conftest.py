"""Network links to read: trees of files, and a network namespace.

The bonded tree has the files of Linux 6.1 on a machine with two e1000 ports; names and numbers are those that its
``ip link`` and ``ip addr`` printed.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.network_namespace import Namespace, create_namespace
from tests.support.network_tree import NetworkTree


@pytest.fixture
def machine(tmp_path: Path) -> NetworkTree:
    return NetworkTree(tmp_path)


@pytest.fixture
def bonded(machine: NetworkTree) -> NetworkTree:
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


OPTIONAL = (
    "link add link va name mv0 type macvlan mode private",
    "link add link va name mvt type macvtap mode vepa",
    "link add link vb name ipv type ipvlan mode l3s",
    "link add vx type vxlan id 7 group 239.1.1.1 dev va dstport 4789",
    "link add vx6 type vxlan id 8 remote 2001:db8::9 local 2001:db8::8 dstport 4790",
    "tuntap add tap0 mode tap",
    "tuntap add tun0 mode tun",
    "link add dm0 type dummy",
    "link add dm1 type dummy",
    "link add link va name va.5 type vlan id 5",
    "link add link va name va.6 type vlan id 6 protocol 802.1ad",
    "link add bond0 type bond mode active-backup miimon 100 updelay 200 primary dm0",
    "link set dm0 master bond0",
    "link set dm1 master bond0",
    "link add link bond0 name bond0.7 type vlan id 7",
    "link set br1 type bridge vlan_filtering 1",
    "link set br1 type bridge mcast_snooping 0",
    "link add vrf0 type vrf table 9",
    "nexthop add id 5 dev va",
    "route add 10.9.0.0/16 nhid 5",
)
COMMANDS = (
    "link add va type veth peer name vb",
    "link add vc type veth peer name vd",
    "link add br0 type bridge stp_state 1 forward_delay 900 hello_time 300 max_age 1500 ageing_time 4200 priority 4096",
    "link add br1 type bridge",
    "link set lo up",
    "link set va up mtu 1400 alias some-alias",
    "link set vb up group 7",
    "link set vc master br0",
    "link set br0 up",
    "link property add dev va altname a-name-of-va-that-is-longer-than-fifteen",
    "addr add 10.1.1.1/24 brd + dev va label va:one",
    "addr add 10.1.1.2/24 dev va",
    "addr add 10.2.2.2 peer 10.2.2.3/32 dev va",
    "addr add 10.3.3.3/16 dev va valid_lft 3600 preferred_lft 1800",
    "addr add 10.4.4.4/8 scope link dev br0",
    "addr add 2001:db8:1::1/64 dev va nodad",
    "addr add 2001:db8:1::2/64 dev va nodad valid_lft 3600 preferred_lft 0",
    "addr add 2001:db8:2::2 peer 2001:db8:2::3 dev va nodad",
    "addr add 2001:db8:3::3/48 dev br0 noprefixroute",
    "route add default via 10.1.1.254 metric 5",
    "route add 10.8.0.0/16 nexthop via 10.1.1.20 weight 3 nexthop via 10.1.1.30 dev va",
    "route add 10.7.0.0/16 via inet6 fe80::1 dev va",
    "route add 10.6.0.0/16 via 10.1.1.2 mtu 1300 src 10.1.1.1 metric 50 table 1000 proto bird",
    "route add blackhole 10.5.0.0/16",
    "route add unreachable 10.5.1.0/24 table 77",
    "-6 route add default via fe80::9 dev va",
    "-6 route add 2001:db8:5::/48 from 2001:db8:6::/48 dev va",
    "-6 route add 2001:db8:7::/48 nexthop via fe80::2 dev va nexthop via fe80::3 dev vb",
    "-6 route add prohibit 2001:db8:8::/48",
)


@pytest.fixture(scope="module")
def other() -> Iterator[Namespace]:
    yield from create_namespace("hio")


@pytest.fixture(scope="module")
def namespace(other: Namespace) -> Iterator[Namespace]:
    for space in create_namespace("hit"):
        for command in COMMANDS:
            assert space.add(command), command
        for command in OPTIONAL:
            space.add(command)
        space.batch([f"link set vd netns {other.name}"])
        yield space


@pytest.fixture(scope="module")
def facts(namespace: Namespace) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while _is_changing(namespace) and time.monotonic() < deadline:
        time.sleep(0.1)
    return namespace.read()


def _is_changing(namespace: Namespace) -> bool:
    """Return whether the kernel still probes for duplicates of an address; without a carrier, it waits for one."""
    return any(
        address.get("tentative")
        for link in namespace.ip("addr")
        if "NO-CARRIER" not in link["flags"] and "UP" in link["flags"]
        for address in link["addr_info"]
    )
