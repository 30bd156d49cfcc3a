"""Links, addresses and DNS of a tree of files."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs.net.inet6 import parse_if_inet6
from hostinfo.drivers.sysfs.net.link_counters import parse_proc_net_dev, read_link_counters
from hostinfo.drivers.sysfs.net.resolver import ENTRIES_LIMIT, parse_resolv_conf
from hostinfo.drivers.sysfs.network import read
from hostinfo.errors import Unsupported
from tests.support.network_tree import MAC, NetworkTree


def test_neighbours_in_a_tree_are_resolved_from_port_to_bridge(bonded: NetworkTree) -> None:
    links = bonded.links()
    assert list(links) == ["lo", "bond0", "eth0", "eth1", "bond0.100", "br100"]
    assert [(link.kind, link.lower, link.controller) for link in links.values()] == [
        ("loopback", (), None), ("bond", ("eth0", "eth1"), None), ("physical", (), "bond0"), ("physical", (), "bond0"),
        ("vlan", ("bond0",), "br100"), ("bridge", ("bond0.100",), None),
    ]  # fmt: skip
    assert links["bond0"].ports == ("eth0", "eth1")
    assert links["bond0.100"].vlan is not None
    assert links["bond0.100"].vlan.id == 100


def test_a_bond_in_a_tree_has_mode_and_options_without_their_numbers(bonded: NetworkTree) -> None:
    bond = bonded.links()["bond0"].bond
    assert bond is not None
    assert (bond.mode, bond.active_port, bond.primary_port, bond.miimon_milliseconds) == (
        "active-backup", "eth1", None, 100)  # fmt: skip
    assert bond.options == {"lacp_rate": "slow", "updelay": 0, "arp_ip_target": "192.0.2.1,192.0.2.2"}


def test_a_bridge_in_a_tree_has_its_timers_in_seconds(bonded: NetworkTree) -> None:
    bridge = bonded.links()["br100"].bridge
    assert bridge is not None
    assert (bridge.forward_delay_seconds, bridge.ageing_time_seconds, bridge.priority) == (15.0, 300.0, 32768)
    assert (bridge.stp, bridge.multicast_snooping, bridge.bridge_id) == (False, True, "8000.525400123401")


def test_bond_ports_share_its_address_and_have_their_permanent_ones(bonded: NetworkTree) -> None:
    links = bonded.links()
    assert {links[name].mac for name in ("bond0", "eth0", "eth1")} == {MAC}
    assert [links[name].permanent_mac for name in ("eth0", "eth1")] == [MAC, "52:54:00:12:34:02"]


def test_in_a_tree_ipv4_addresses_and_routes_are_unsupported(bonded: NetworkTree) -> None:
    result = bonded.read()
    assert [(a.link, a.index, a.address, a.prefix_length, a.scope, a.flags) for a in result.value.addresses] == [
        ("lo", 1, "::1", 128, "host", ("permanent",)),
        ("bond0", 3, "fe80::5054:ff:fe12:3401", 64, "link", ("permanent",)),
        ("br100", 8, "2001:db8::10", 64, "global", ("permanent",)),
    ]
    assert [(problem.path, type(problem.error)) for problem in result.problems] == [
        ("addresses", Unsupported), ("routes", Unsupported)]  # fmt: skip


def test_an_infiniband_link_in_a_tree_has_its_whole_address(machine: NetworkTree) -> None:
    mac = ":".join(f"{byte:02x}" for byte in range(0x80, 0x94))
    machine.net("ib0", 2, machine.pci("0000:00:04.0", "mlx5_core", "0x15b3", "0x1013"), address=mac, type="32")
    assert machine.links()["ib0"].mac == mac


def test_a_tree_with_neither_links_nor_resolver_is_empty_without_an_error(tmp_path: Path) -> None:
    result = read(Sources(tree=Tree(str(tmp_path))), None)
    assert (result.value.links, result.value.addresses, result.value.routes, result.value.dns) == ((), (), (), None)


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe\x00", b"9" * 5000, b"-1", b"\n\n", b"0x"])
def test_malformed_attributes_lose_only_their_own_values(bonded: NetworkTree, garbage: bytes) -> None:
    for path in bonded.root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.write_bytes(garbage)
    assert set(bonded.links()) == {"lo", "bond0", "eth0", "eth1", "bond0.100", "br100"}


def test_only_files_of_requested_fields_are_read(bonded: NetworkTree) -> None:
    class Listening(Tree):
        def data(self, path: str, limit: int = 1 << 20) -> bytes:
            asked.append(path)
            return super().data(path, limit)

    asked: list[str] = []
    read(Sources(tree=Listening(str(bonded.root))), frozenset({"dns"}))
    assert asked == ["etc/resolv.conf"]


def test_resolv_conf_is_parsed_as_configured() -> None:
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
def test_any_text_is_parsed_without_an_error(text: str) -> None:
    dns = parse_resolv_conf(text)
    assert len(dns.servers) + len(dns.search) + len(dns.options) <= ENTRIES_LIMIT * 3
    assert len(parse_if_inet6(text)) <= len(text.splitlines())
    assert len(parse_proc_net_dev(text)) <= len(text.splitlines())
