"""What takes the place of addresses, names and numbers in a scrubbed recording: stable, and of the same kind."""

import ipaddress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.drivers.recorded.scrub.ip import IpSubstitution
from hostinfo.drivers.recorded.scrub.substitute import Substitution

KEY = b"0123456789abcdef"


@given(st.sets(st.binary(min_size=3, max_size=3), min_size=2, max_size=40))
def test_two_mac_addresses_never_become_one(tails: set[bytes]) -> None:
    substitution = Substitution(KEY)
    new = {substitution.mac(b"\x52\x54\x00" + tail) for tail in tails}
    assert len(new) == len(tails)
    assert {mac[:3] for mac in new} == {b"\x52\x54\x00"}


def test_addresses_that_identify_no_host_stay() -> None:
    substitution, ips = Substitution(KEY), IpSubstitution(Substitution(KEY))
    for mac in ("000000000000", "ffffffffffff", "0180c2000000", "01005e000001"):
        assert substitution.mac(bytes.fromhex(mac)).hex() == mac
    for text in ("127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "::1", "::", "ff02::1"):
        packed = ipaddress.ip_address(text).packed
        assert ips.address(packed) == packed
    assert substitution.name("localhost.localdomain") == "localhost.localdomain"


def test_an_infiniband_address_keeps_all_but_the_tail_of_its_port() -> None:
    address = bytes.fromhex("80000048fe80000000000000f452140300a1b2c3")
    new = Substitution(KEY).mac(address)
    assert new[:15] == address[:15]
    assert new[15:] != address[15:]


def common_bits(one: bytes, other: bytes) -> int:
    width = len(one) * 8
    return width - (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_length()


@given(st.lists(st.binary(min_size=4, max_size=4), min_size=2, max_size=8))
def test_ipv4_addresses_share_as_many_bits_as_before(addresses: list[bytes]) -> None:
    ips = IpSubstitution(Substitution(KEY))
    for one, other in pairwise(addresses):
        assert common_bits(ips.address(one), ips.address(other)) == common_bits(one, other)


@pytest.mark.parametrize("length", [8, 12, 16, 23, 24, 27, 29, 30])
@given(st.binary(min_size=4, max_size=4), st.lists(st.integers(0, 2**24), max_size=20))
def test_network_and_broadcast_address_of_a_subnet_stay_what_they_are(
    length: int, address: bytes, hosts: list[int]
) -> None:
    ips = IpSubstitution(Substitution(KEY))
    ips.register_subnet(address, length)
    network = ipaddress.ip_network((address, length), strict=False)
    new = ipaddress.ip_network((ips.address(network.network_address.packed), length), strict=False)
    assert ips.address(network.network_address.packed) == new.network_address.packed
    assert ips.address(network.broadcast_address.packed) == new.broadcast_address.packed
    inside = {network[host % network.num_addresses].packed for host in hosts}
    mapped = {ips.address(host) for host in inside}
    assert len(mapped) == len(inside)
    assert all(ipaddress.ip_address(host) in new for host in mapped)


@given(st.ip_addresses())
def test_an_address_keeps_its_kind(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    new = ipaddress.ip_address(IpSubstitution(Substitution(KEY)).address(address.packed))
    for kind in ("is_loopback", "is_link_local", "is_multicast", "is_unspecified"):
        assert getattr(new, kind) == getattr(address, kind)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=80))
def test_tokens_keep_their_shape(text: str) -> None:
    new = Substitution(KEY).token(text)
    assert len(new) == len(text)
    for before, after in zip(text, new, strict=True):
        if before.isascii() and len(text.replace("-", "")) < 32:
            assert (after.isdigit(), after.isupper(), after.islower()) == (
                before.isdigit(),
                before.isupper(),
                before.islower(),
            )
