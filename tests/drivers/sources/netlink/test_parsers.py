"""Parsers of rtnetlink messages."""

import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostinfo.drivers.sources.netlink.addresses import parse_addresses
from hostinfo.drivers.sources.netlink.counters import parse_counters
from hostinfo.drivers.sources.netlink.links import parse_links
from hostinfo.drivers.sources.netlink.monitor import parse_uevent
from hostinfo.drivers.sources.netlink.routes import parse_routes
from hostinfo.drivers.sysfs.net.link_stack import build_links
from hostinfo.errors import HostInfoError, ParseError
from hostinfo.model.network import Link
from tests.support.rtnetlink import NATIVE, NEWADDR, NEWLINK, NEWROUTE, Encoder, Order


def links(*messages: bytes, encoder: Encoder = NATIVE) -> dict[str, Link]:
    built = build_links(parse_links(b"".join(messages) + encoder.end, encoder.order))
    return {link.name: link for link in built}


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_bond_with_its_ports_reads_the_same_in_both_byte_orders(order: Order) -> None:
    to = Encoder(order)
    port = to.attribute(10, 3)
    bond = to.info(
        "bond", to.attribute(1, b"\4"), to.attribute(2, 5), to.attribute(3, 100), to.attribute(11, 4),
        to.attribute(14, b"\1"), to.attribute(21, b"\1"), to.attribute(4, 200),
        to.attribute(8 | 0x8000, to.attribute(0, socket.inet_aton("192.0.2.1"))),
    )  # fmt: skip
    found = links(to.link(4, "eth0", port), to.link(5, "eth1", port), to.link(3, "bond0", bond), encoder=to)
    link = found["bond0"]
    assert list(found) == ["bond0", "eth0", "eth1"]  # by index
    assert (link.kind, link.ports, link.lower) == ("bond", ("eth0", "eth1"), ("eth0", "eth1"))
    assert link.bond is not None
    assert (link.bond.mode, link.bond.active_port, link.bond.primary_port) == ("802.3ad", "eth1", "eth0")
    assert link.bond.miimon_milliseconds == 100
    assert link.bond.options == {
        "xmit_hash_policy": "layer3+4", "lacp_rate": "fast", "updelay": 200, "arp_ip_target": "192.0.2.1",
    }  # fmt: skip
    assert link.bond.ports == ("eth0", "eth1")
    assert found["eth0"].controller == "bond0"


def test_a_vlan_on_a_bond_in_a_bridge_names_its_neighbours() -> None:
    to = NATIVE
    vlan = to.info("vlan", to.attribute(1, struct.pack("<H", 100)), to.attribute(5, b"\x88\xa8"))
    found = links(
        to.link(2, "eth0", to.attribute(10, 3)), to.link(3, "bond0", to.info("bond", to.attribute(1, b"\1"))),
        to.link(7, "bond0.100", vlan, to.attribute(5, 3), to.attribute(10, 8)), to.link(8, "br100", to.info("bridge")),
    )  # fmt: skip
    assert found["bond0.100"].vlan is not None
    assert (found["bond0.100"].vlan.id, found["bond0.100"].vlan.protocol) == (100, "802.1ad")
    assert [found[name].lower for name in ("br100", "bond0.100", "bond0", "eth0")] == [
        ("bond0.100",), ("bond0",), ("eth0",), ()]  # fmt: skip
    assert found["bond0.100"].controller == "br100"


def test_links_that_are_each_others_lower_link_in_a_ring_do_no_harm() -> None:
    to = NATIVE
    ring = [to.link(n, f"r{n}", to.attribute(5, n % 50 + 1), to.attribute(10, n % 50 + 1)) for n in range(1, 51)]
    found = links(*ring, to.link(60, "self", to.attribute(5, 60), to.attribute(10, 60)))
    assert found["r50"].lower == ("r1", "r49")
    assert found["r1"].controller == "r2"
    assert found["self"].controller == "self"


def test_a_lower_link_in_another_namespace_is_not_mistaken_for_the_local_link_with_its_index() -> None:
    to = NATIVE
    found = links(to.link(2, "eth0"), to.link(5, "mv0", to.info("macvlan"), to.attribute(5, 2), to.attribute(37, 0)))
    assert found["mv0"].lower == ()
    assert found["mv0"].is_lower_elsewhere


def test_a_peer_in_another_namespace_may_have_the_same_index() -> None:
    to = NATIVE
    found = links(to.link(2, "eth0", to.info("veth"), to.attribute(5, 2), to.attribute(37, 0)))
    assert (found["eth0"].peer, found["eth0"].is_lower_elsewhere) == (None, True)


def test_a_hardware_address_of_infiniband_has_all_its_twenty_bytes() -> None:
    to = NATIVE
    mac = bytes(range(0x80, 0x94))
    found = links(to.link(2, "ib0", to.attribute(1, mac), to.attribute(54, mac[::-1]), device=32))
    assert found["ib0"].mac == "80:81:82:83:84:85:86:87:88:89:8a:8b:8c:8d:8e:8f:90:91:92:93"
    assert found["ib0"].permanent_mac == "93:92:91:90:8f:8e:8d:8c:8b:8a:89:88:87:86:85:84:83:82:81:80"


def test_a_link_without_a_hardware_address_has_none() -> None:
    to = NATIVE
    found = links(to.link(1, "lo", to.attribute(1, bytes(6)), flags=0x49), to.link(2, "tun0", to.attribute(1, b"")))
    assert found["lo"].kind == "loopback"
    assert found["lo"].mac is None
    assert found["tun0"].mac is None


@pytest.mark.parametrize(("flags", "expected"), [(0x1043, True), (0x1042, None)])
def test_carrier_is_reported_only_while_the_link_is_up(flags: int, expected: bool | None) -> None:
    assert links(NATIVE.link(2, "e", NATIVE.attribute(33, b"\1"), flags=flags))["e"].has_carrier is expected


@pytest.mark.parametrize("order", ["little", "big"])
def test_counters_are_the_64_bit_ones(order: Order) -> None:
    to = Encoder(order)
    values = [2**40 + n for n in range(24)]
    (found,) = parse_counters(to.link(2, "eth0", to.attribute(23, to.pack("24Q", *values))) + to.end, order)
    assert (found.rx_packets, found.tx_packets, found.rx_bytes, found.tx_bytes) == tuple(values[:4])
    assert (found.rx_errors, found.tx_errors, found.rx_dropped, found.tx_dropped, found.multicast) == tuple(values[4:9])


def test_an_address_of_a_removed_link_is_dropped_and_the_others_are_kept() -> None:
    to = NATIVE
    data = b"".join(
        to.message(
            NEWADDR, to.pack("BBBBI", 2, 24, 0x80, 0, index) + to.attribute(2, socket.inet_aton(f"10.0.0.{index}"))
        )
        for index in (2, 3, 4)
    )
    found = parse_addresses(data + to.end, {2: "eth0", 4: "eth2"})
    assert [(address.link, address.address, address.broadcast) for address in found] == [
        ("eth0", "10.0.0.2", None), ("eth2", "10.0.0.4", None)]  # fmt: skip


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_multipath_route_has_its_next_hops_and_weights(order: Order) -> None:
    to = Encoder(order)
    hops = b"".join(
        to.pack("HBBi", 16, 0, weight - 1, out) + to.attribute(5, socket.inet_aton(gateway))
        for weight, out, gateway in ((3, 2, "10.0.0.1"), (1, 9, "10.0.0.2"))
    )
    metrics = to.attribute(2, 1400)
    head = to.pack("BBBBBBBBI", 2, 16, 0, 0, 252, 186, 0, 1, 0)
    attributes = to.attribute(1, socket.inet_aton("10.8.0.0")) + to.attribute(9, hops) + to.attribute(15, 1000)
    data = to.message(NEWROUTE, head + attributes + to.attribute(8, metrics)) + to.end
    (route,) = parse_routes(data, {2: "eth0"}, order)
    assert (route.destination, route.table, route.protocol, route.mtu) == ("10.8.0.0/16", 1000, "bgp", 1400)
    assert [(hop.gateway, hop.link, hop.weight) for hop in route.next_hops] == [
        ("10.0.0.1", "eth0", 3), ("10.0.0.2", None, 1)]  # fmt: skip


def test_a_link_name_that_is_unsafe_as_a_path_is_dropped() -> None:
    to = NATIVE
    found = links(to.link(1, "../../etc"), to.link(2, ".."), to.link(3, "."), to.link(4, "eth0"))
    assert list(found) == ["eth0"]


def test_a_truncated_message_is_a_parse_error() -> None:
    whole = NATIVE.link(2, "eth0", NATIVE.attribute(4, 1500)) + NATIVE.end
    for cut in range(1, len(whole)):
        with pytest.raises(ParseError):
            parse_links(whole[:cut], "little")


@pytest.mark.parametrize(
    ("datagram", "groups"),
    [
        (b"offline@/devices/system/cpu/cpu3\0ACTION=offline\0SUBSYSTEM=cpu\0SEQNUM=7\0", {"cpu", "domain", "numa"}),
        (b"add@/devices/system/memory/memory9\0SUBSYSTEM=memory\0", {"memory", "domain", "numa"}),
        (b"add@/devices/virtual/block/loop0\0SUBSYSTEM=block\0", set()),
        (b"add@/devices/system/cpu/cpu3\0SUBSYSTEM", set()),
        (None, {"cpu", "domain", "memory", "numa"}),  # notifications were dropped
    ],
)
def test_a_uevent_reports_the_groups_of_its_subsystem(datagram: bytes | None, groups: set[str]) -> None:
    assert set(parse_uevent(datagram)) == groups


def framed(data: bytes) -> bytes:
    """Arbitrary bytes where a kernel has attributes, so that they pass the first checks."""
    to = NATIVE
    return to.message(NEWLINK, data) + to.message(NEWADDR, data) + to.message(NEWROUTE, data) + to.end


attributes = st.recursive(
    st.binary(max_size=24),
    lambda inner: st.lists(st.tuples(st.integers(0, 63), inner), max_size=6).map(
        lambda pairs: b"".join(NATIVE.attribute(kind, value) for kind, value in pairs)
    ),
    max_leaves=12,
)
kinds = st.sampled_from(["bond", "bridge", "vlan", "vxlan", "macvlan", "ipvlan", "tun", "veth", "\udcff", ""])


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=120).map(framed)), st.sampled_from(["little", "big"]))
def test_arbitrary_bytes_give_a_value_or_a_hostinfo_error(data: bytes, order: Order) -> None:
    names = {index: str(index) for index in range(300)}
    for parse in (
        lambda: build_links(parse_links(data, order)),
        lambda: parse_counters(data, order),
        lambda: parse_addresses(data, names, order),
        lambda: parse_routes(data, names, order),
    ):
        try:
            assert len(parse()) <= len(data) / 16
        except HostInfoError:
            continue
    parse_uevent(data)


@settings(max_examples=150, deadline=None)
@given(kinds, attributes, attributes)
def test_arbitrary_attributes_of_any_kind_give_a_value_or_a_hostinfo_error(kind: str, data: bytes, more: bytes) -> None:
    to = NATIVE
    name = to.attribute(1, kind.encode("utf-8", "surrogateescape"))
    message = to.link(2, "x", to.attribute(18, name + to.attribute(2, data)), more)
    try:
        built = links(to.link(1, "lo"), message)
    except HostInfoError:
        return
    assert 1 <= len(built) <= 2


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 255), st.integers(0, 255), attributes, st.sampled_from([2, 10]))
def test_arbitrary_addresses_and_routes_give_a_value_or_a_hostinfo_error(
    bits: int, kind: int, data: bytes, family: int
) -> None:
    to = NATIVE
    names = {index: str(index) for index in range(2**8)}
    address = to.message(NEWADDR, to.pack("BBBBI", family, bits, 0xFF, kind, 1) + data) + to.end
    route = to.message(NEWROUTE, to.pack("BBBBBBBBI", family, bits, bits, 0, 254, kind, 0, kind, 0) + data) + to.end
    for parse, payload in ((parse_addresses, address), (parse_routes, route)):
        try:
            assert len(parse(payload, names, "little")) <= 1
        except HostInfoError:
            continue
