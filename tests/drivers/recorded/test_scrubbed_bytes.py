"""Scrubbing of binary replies, well-formed and hostile ones."""

import ipaddress
import struct
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import hostinfo
from hostinfo.cli import main
from hostinfo.drivers.recorded.scrub.ip import IpSubstitution
from hostinfo.drivers.recorded.scrub.netlink import scrub_netlink
from hostinfo.drivers.recorded.scrub.rules import spans
from hostinfo.drivers.recorded.scrub.secrets import SecretIndex
from hostinfo.drivers.recorded.scrub.smbios import scrub_table
from hostinfo.drivers.recorded.scrub.substitute import Substitution
from tests.support.smbios_bytes import DIMM_TEXTS, memory_device
from tests.support.smbios_bytes import structure as smbios_structure
from tests.support.trees import write_tree

from .secret_machine import IPV4, KEY, MAC, smbios


def attribute(number: int, value: bytes) -> bytes:
    """One attribute, netlink(7)."""
    return struct.pack("=HH", 4 + len(value), number) + value + bytes(-len(value) % 4)


def test_addresses_in_a_bond_are_replaced_and_its_numbers_stay() -> None:
    """As linux/if_link.h lays IFLA_LINKINFO out: kind 1, data 2; bond mode 1, ARP targets 8, partner 23.5, actor 26."""
    mac, ip = bytes.fromhex(MAC.replace(":", "")), ipaddress.ip_address(IPV4).packed
    bond = (
        attribute(1, b"\x04") + attribute(8, attribute(0, ip)) + attribute(26, mac)
        + attribute(23, attribute(1, b"\1\0") + attribute(5, mac)) + attribute(200, b"not known yet")
    )  # fmt: skip
    info = attribute(1, b"bond\0") + attribute(2, bond) + attribute(4, b"bond\0") + attribute(5, attribute(4, mac))
    body = bytes(16) + attribute(1, mac) + attribute(3, b"bond0\0") + attribute(18, info) + attribute(99, b"what is it")
    data = struct.pack("=IHHII", 16 + len(body), 16, 2, 1, 1) + body
    new = scrub_netlink(data, SecretIndex(KEY))
    new_mac, new_ip = Substitution(KEY).mac(mac), IpSubstitution(Substitution(KEY)).address(ip)
    expected = data.replace(mac, new_mac).replace(ip, new_ip).replace(b"not known yet", bytes(13))
    assert new == expected.replace(b"what is it", bytes(10))
    assert new.count(new_mac) == 4


header = st.tuples(st.integers(0, 200), st.sampled_from([2, 3, 16, 20, 24, 99]), st.binary(max_size=180)).map(
    lambda parts: struct.pack("=IHHII", parts[0] % 7 and 16 + len(parts[2]), parts[1], 2, 1, 1) + parts[2]
)


@given(st.one_of(st.binary(max_size=400), st.lists(header, max_size=4).map(b"".join)))
def test_any_netlink_bytes_are_scrubbed_to_as_many(data: bytes) -> None:
    assert len(scrub_netlink(data, SecretIndex(KEY))) == len(data)


@given(st.binary(max_size=400))
def test_any_table_is_scrubbed_to_as_many_bytes(data: bytes) -> None:
    table, entry = smbios()
    for content in (data, table[: len(data)], table[:20] + data):
        assert len(scrub_table(content, entry, SecretIndex(KEY))) == len(content)


def test_only_a_remote_libvirt_uri_names_a_host() -> None:
    remote = b"qemu+ssh://root@node7/system"
    assert [(remote[start:end], kind) for start, end, kind in spans("libvirt/uri", remote)] == [(b"node7", "host name")]
    assert spans("libvirt/uri", b"probe xen:///system") == []


def test_serial_numbers_in_single_smbios_entries_are_replaced(tmp_path: Path) -> None:
    raw = smbios_structure(17, 0x1100, memory_device(8192), *DIMM_TEXTS[:3], b"SECRET4711", *DIMM_TEXTS[4:])
    files: dict[str, str | bytes] = {"proc/meminfo": "MemTotal: 1024 kB\n"}
    files["sys/firmware/dmi/entries/17-0/raw"] = raw
    root, copy = write_tree(tmp_path / "machine", files), tmp_path / "copy"
    assert main(["-c", f"sysfs://{root}", "record", str(copy)]) == 0
    assert b"SECRET4711" not in (copy / "root/sys/firmware/dmi/entries/17-0/raw").read_bytes()
    with hostinfo.open(f"recorded:{copy}") as host:
        (dimm,) = host.memory().value.dimms
    assert dimm.size_bytes == 8192 << 20
    assert dimm.serial not in (None, "SECRET4711")
