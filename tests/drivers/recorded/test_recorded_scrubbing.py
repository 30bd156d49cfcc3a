"""What a scrubbed recording must not hold, and what must survive in it."""

import ipaddress
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hostinfo
from hostinfo.drivers.recorded import record
from hostinfo.drivers.recorded.scrub.ip import IpSubstitution
from hostinfo.drivers.recorded.scrub.netlink import scrub_netlink
from hostinfo.drivers.recorded.scrub.secrets import Values
from hostinfo.drivers.recorded.scrub.smbios import scrub_table
from hostinfo.drivers.recorded.scrub.substitute import Substitution

KEY = b"0123456789abcdef"
UUID = "4c4c4544-0042-3510-8052-b4c04f4a3132"
OTHER_ORDER = "44454c4c-4200-1035-8052-b4c04f4a3132"  # the same with the first three fields turned
MACHINE_ID = "3d1219c7c4c5404aaa1f6d2a48adfda4"
BOOT_ID = "0f6a8d51-9d7b-4d1f-9f3c-6f0e4a4d9b11"
SERIALS = {
    "product": "7QZX931",
    "board": "CN7016355B00VX",
    "chassis": "CHS-8841Z",
    "dimm": "1A2B3C4D",
    "cpu": "CPUSN0099",
}
TAG = "ACME-INV-004711"
HOST = "web17.customers.example.net"
MAC = "3c:ec:ef:a1:b2:c3"
VF_MAC = "3c:ec:ef:a1:b2:c4"
IPV4 = "203.0.113.77"
IPV6 = "2001:db8:7:3:3eec:efff:fea1:b2c3"  # made from MAC
OEM = "credential:root.password=hunter22"


def structure(kind: int, formatted: bytes, *strings: str) -> bytes:
    """One SMBIOS structure, DSP0134 6.1.2."""
    head = bytes((kind, len(formatted) + 4, kind, 0))
    return head + formatted + (b"".join(text.encode() + b"\0" for text in strings) or b"\0") + b"\0"


def smbios() -> tuple[bytes, bytes]:
    """A table (DSP0134 7.1 to 7.18) and its 64-bit entry point."""
    raw = bytes.fromhex(OTHER_ORDER.replace("-", ""))
    table = (
        structure(
            1, bytes((1, 2, 0, 3)) + raw + bytes((6, 0, 4)), "Dell Inc.", "PowerEdge R640", SERIALS["product"], "PE"
        )
        + structure(2, bytes((1, 2, 0, 3, 4)), "Dell Inc.", "0H28RR", SERIALS["board"], TAG)
        + structure(3, bytes((1, 0x17, 0, 2, 3)), "Dell Inc.", SERIALS["chassis"], TAG)
        + structure(4, bytes(0x1C) + bytes((1, 2, 3)) + bytes(7), SERIALS["cpu"], TAG, "PART")
        + structure(11, bytes((1,)), OEM)
        + structure(17, bytes(19) + bytes((1, 2, 3, 4)) + bytes(4), "Hynix", SERIALS["dimm"], TAG, "HMA82GR7")
        + structure(127, b"")
    )
    entry = bytearray(b"_SM3_\0\x18\x03\x02\0\x01\0" + struct.pack("<IQ", len(table), 0x1000))
    entry[5] = -sum(entry) % 256
    return table, bytes(entry)


def machine(root: Path) -> None:
    """A tree with secrets of every kind in every place that a reader may look at."""
    table, entry = smbios()
    files: dict[str, str | bytes] = {
        "proc/cpuinfo": "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nflags\t\t: fpu\n"
        f"Serial\t\t: 00000000{SERIALS['dimm']}\n",
        "proc/meminfo": "MemTotal: 1024 kB\nMemFree: 512 kB\n",
        "proc/cmdline": f"BOOT_IMAGE=/vmlinuz root=UUID={BOOT_ID} ip={IPV4}::203.0.113.1::{HOST}:eth0 quiet\n",
        "proc/version": f"Linux version 6.1.0 (builder@{HOST}) (gcc 12) #1 SMP\n",
        "proc/sys/kernel/hostname": HOST + "\n",
        "proc/sys/kernel/osrelease": "6.1.0-13-amd64\n",
        "proc/sys/kernel/random/boot_id": BOOT_ID + "\n",
        "proc/self/cgroup": f"0::/lxc/{HOST.partition('.')[0]}/{MACHINE_ID}\n",
        "proc/self/mountinfo": f"1 0 8:1 / / rw - ext4 /dev/mapper/{TAG} rw\n2 1 0:9 / /mnt rw - nfs {HOST}:/x rw\n",
        "proc/1/environ": f"container=lxc\0PASSWORD={OEM}\0HOSTNAME={HOST}\0",
        "proc/net/if_inet6": f"{ipaddress.ip_address(IPV6).exploded.replace(':', '')} 02 40 00 80 eth0\n",
        "proc/net/route": "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
        "eth0\t007100CB\t4D7100CB\t0003\t0\t0\t0\t00FFFFFF\n",
        "proc/net/dev": "Inter-|\n face |\n  eth0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
        "etc/hostname": HOST + "\n",
        "etc/machine-id": MACHINE_ID + "\n",
        "etc/machine-info": f'PRETTY_HOSTNAME="{TAG}"\nLOCATION=Rack 7 of {TAG}\nDEPLOYMENT=production\n',
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
        "etc/resolv.conf": f"# by {HOST}\nsearch {HOST.partition('.')[2]}\nnameserver {IPV4}\nnameserver {IPV6}\n",
        "sys/class/dmi/id/product_uuid": UUID.upper() + "\n",
        "sys/class/dmi/id/product_name": "PowerEdge R640\n",
        "sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
        "sys/class/dmi/id/chassis_asset_tag": TAG + "\n",
        "sys/class/dmi/id/board_asset_tag": TAG + "\n",
        **{f"sys/class/dmi/id/{part}_serial": SERIALS[part] + "\n" for part in ("product", "board", "chassis")},
        "sys/firmware/dmi/tables/DMI": table,
        "sys/firmware/dmi/tables/smbios_entry_point": entry,
        "sys/hypervisor/uuid": UUID + "\n",
    }
    link = {
        "address": MAC, "addr_len": "6", "ifindex": "2", "mtu": "1500", "type": "1", "operstate": "up",
        "ifalias": f"uplink of {TAG}", "phys_port_id": MAC.replace(":", ""), "uevent": f"INTERFACE=eth0\nOF={HOST}",
    }  # fmt: skip
    for name in ("eth0", "enx" + MAC.replace(":", "")):
        files |= {f"sys/class/net/{name}/{key}": value + "\n" for key, value in link.items()}
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())


def forms(mac: str) -> list[bytes]:
    """The part of a MAC address that is the machine's own, in every form."""
    tail = mac.split(":")[3:]
    raw = bytes.fromhex("".join(tail))
    return [raw, *(sign.join(tail).encode() for sign in ("", ":", "-")), "".join(tail).upper().encode()]


def secrets() -> dict[str, list[bytes]]:
    raw = bytes.fromhex(UUID.replace("-", ""))
    turned = bytes.fromhex(OTHER_ORDER.replace("-", ""))
    boot = bytes.fromhex(BOOT_ID.replace("-", ""))
    texts = [*SERIALS.values(), TAG, HOST, HOST.partition(".")[0], HOST.partition(".")[2], OEM, "hunter22", "Rack 7"]
    return {
        "uuid": [raw, turned, *(form.encode() for text in (UUID, OTHER_ORDER) for form in (
            text, text.upper(), text.replace("-", ""), text.replace("-", "").upper()))],
        "boot id": [boot, BOOT_ID.encode(), boot.hex().encode()],
        "machine id": [MACHINE_ID.encode(), bytes.fromhex(MACHINE_ID)],
        "mac": forms(MAC),
        "ipv4": [IPV4.encode(), ipaddress.ip_address(IPV4).packed, b"4D7100CB", b"203.0.113"],
        "ipv6": [IPV6.encode(), ipaddress.ip_address(IPV6).packed, b"fea1:b2c3", b"fea1b2c3", b"20010db800070003"],
        "text": [text.encode() for text in texts],
    }  # fmt: skip


def leaks(folder: Path, wanted: dict[str, list[bytes]]) -> list[str]:
    """Where one of the secrets still stands, in files and in their names."""
    found = []
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        content = (name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"")).lower()
        found += [
            f"{kind} {value!r} in {name}"
            for kind, values in wanted.items()
            for value in values
            if value.lower() in content
        ]
    return found


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same machine recorded raw and scrubbed."""
    base = tmp_path_factory.mktemp("scrubbing")
    machine(base / "tree")
    record(str(base / "raw"), f"sysfs://{base / 'tree'}", raw=True)
    record(str(base / "scrubbed"), f"recorded:{base / 'raw'}", key=KEY)
    return base / "raw", base / "scrubbed"


def test_no_secret_is_left_in_any_form(folders: tuple[Path, Path]) -> None:
    raw, scrubbed = folders
    assert {leak.split(" ")[0] for leak in leaks(raw, secrets())} >= {
        "uuid",
        "mac",
        "text",
    }  # the search does find them
    assert leaks(scrubbed, secrets()) == []


def test_no_secret_is_left_of_files_that_no_reader_asks_for_today(tmp_path: Path) -> None:
    """Every file of the tree, as a reader to come may ask for it."""
    from hostinfo.drivers.recorded.folder import save
    from hostinfo.drivers.recorded.scrub import scrub
    from hostinfo.drivers.sources.recorded.recording import Recording

    machine(tmp_path / "tree")
    recording = Recording()
    for path in (tmp_path / "tree").rglob("*"):
        if path.is_file():
            recording.files[str(path.relative_to(tmp_path / "tree"))] = path.read_bytes()
    clean, _, left_out = scrub(recording, KEY)
    save(clean, str(tmp_path / "out"), is_private=False)
    assert left_out == ()
    assert clean.files.keys() == {
        path.replace(MAC.replace(":", ""), Substitution(KEY).mac(bytes.fromhex(MAC.replace(":", ""))).hex())
        for path in recording.files
    }
    assert leaks(tmp_path / "out", secrets()) == []
    assert clean.files["proc/1/environ"] == b"container=lxc\0"
    assert clean.files["sys/class/dmi/id/product_name"] == b"PowerEdge R640\n"
    assert clean.files["etc/os-release"] == recording.files["etc/os-release"]


def test_what_libvirt_answered_holds_no_secret(tmp_path: Path) -> None:
    """The forms are libvirt's: sysinfo (formatdomain.html), names of node devices, domains as a list."""
    from hostinfo.drivers.recorded.folder import save
    from hostinfo.drivers.recorded.scrub import scrub
    from hostinfo.drivers.sources.recorded.recording import Recording

    domains = [{"name": 'shop-of-\u00e9mile"s', "uuid": UUID, "id": 3}, {"name": "Domain-0", "uuid": BOOT_ID, "id": 0}]
    sysinfo = (
        f"<sysinfo><system><entry name='serial'>{SERIALS['board']}</entry><entry name='uuid'>{UUID}</entry></system>"
    )
    clean, _, _ = scrub(Recording(replies={
        "libvirt/uri": f"qemu+ssh://root@{HOST}/system".encode(),
        "libvirt/hostname.json": json.dumps(HOST).encode(),
        "libvirt/domains.json": json.dumps(domains, indent=1).encode(),
        "libvirt/sysinfo.xml": f"<sysinfo>{sysinfo}</sysinfo>".encode(),
        "libvirt/net-devices.json": json.dumps(["net_eth0_" + MAC.replace(":", "_"), MAC]).encode(),
    }), KEY)  # fmt: skip
    save(clean, str(tmp_path / "out"), is_private=False)
    words = {"name": [b"shop", b"mile", MAC.replace(":", "_").encode(), MAC.replace(":", "_")[9:].encode()]}
    assert leaks(tmp_path / "out", secrets() | words) == []
    names = [domain["name"] for domain in json.loads(clean.replies["libvirt/domains.json"])]
    assert (len(names[0]), names[1]) == (len(str(domains[0]["name"])), "Domain-0")


def test_what_stands_in_several_places_stays_the_same(folders: tuple[Path, Path]) -> None:
    with hostinfo.open(f"recorded:{folders[0]}") as before, hostinfo.open(f"recorded:{folders[1]}") as after:
        raw, new = before.system().value, after.system().value
        link = next(link for link in after.network().value.links if link.name == "eth0")
    root = folders[1] / "root"
    assert (raw.hardware_uuid, raw.serial) == (UUID, SERIALS["product"])
    assert new.hardware_uuid not in (None, UUID)
    assert new.hardware_uuid == (root / "sys/class/dmi/id/product_uuid").read_text().strip().lower()
    table = (root / "sys/firmware/dmi/tables/DMI").read_bytes() if (root / "sys/firmware").exists() else b""
    if table:
        raw_uuid = struct.pack("<IHH", *(int(part, 16) for part in (new.hardware_uuid or "").split("-")[:3]))
        assert raw_uuid in table
    assert new.hostname == (root / "etc/hostname").read_text().strip()
    assert (new.hostname or "").count(".") == HOST.count(".")
    assert [len(label) for label in (new.hostname or "").split(".")] == [len(label) for label in HOST.split(".")]
    assert (new.manufacturer, new.product, new.os_name) == (raw.manufacturer, raw.product, raw.os_name)
    assert link.mac is not None
    assert link.mac.startswith(MAC[:8])


def test_the_report_counts_and_never_shows(folders: tuple[Path, Path], tmp_path: Path) -> None:
    report = record(str(tmp_path / "again"), f"recorded:{folders[0]}", key=KEY)
    text = str(report)
    assert {"MAC address", "UUID", "serial number", "asset tag", "host name"} <= {
        entry.kind for entry in report.scrubbed
    }
    for values in secrets().values():
        for value in values:
            assert value.decode("latin-1").lower() not in text.lower()


def test_the_same_key_gives_the_same_substitutes_and_another_gives_others(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    record(str(tmp_path / "same"), f"recorded:{folders[0]}", key=KEY)
    record(str(tmp_path / "other"), f"recorded:{folders[0]}")
    name = "root/sys/class/dmi/id/product_serial"
    assert (tmp_path / "same" / name).read_bytes() == (folders[1] / name).read_bytes()
    assert (tmp_path / "other" / name).read_bytes() != (folders[1] / name).read_bytes()


def test_a_host_name_that_is_an_ordinary_word_spoils_no_fact(tmp_path: Path) -> None:
    machine(tmp_path / "tree")
    (tmp_path / "tree/proc/sys/kernel/hostname").write_text("debian\n")
    (tmp_path / "tree/etc/hostname").write_text("debian\n")
    record(str(tmp_path / "out"), f"sysfs://{tmp_path}/tree")
    with hostinfo.open(f"recorded:{tmp_path}/out") as host:
        system = host.system().value
    assert system.os_name == "Debian GNU/Linux 12 (bookworm)"
    assert system.hostname not in (None, "debian")


def test_a_host_that_is_called_like_a_cpu_flag_loses_no_flag(tmp_path: Path) -> None:
    machine(tmp_path / "tree")
    (tmp_path / "tree/proc/sys/kernel/hostname").write_text("fpu\n")
    (tmp_path / "tree/proc/sys/kernel/osrelease").write_text("6.1.0-fpu\n")
    record(str(tmp_path / "out"), f"sysfs://{tmp_path}/tree")
    with hostinfo.open(f"recorded:{tmp_path}/out") as host:
        assert host.cpu().value.flags == ("fpu",)
    assert b"6.1.0-fpu" not in (tmp_path / "out/machine.toml").read_bytes()


# -- a real kernel's netlink -----------------------------------------------------------------------------------------

NETWORK = f"""
ip link set lo up
mount -t sysfs none /sys
ip link add eth0 address {MAC} type veth peer name far0
ip link add eth1 address {VF_MAC} type veth peer name far1
ip link set far0 up
ip link add br0 address {MAC} type bridge
ip link set eth1 master br0
ip link set eth0 alias "uplink of {TAG}"
ip link property add dev eth0 altname enx{MAC.replace(":", "")}
ip link add vx0 type vxlan id 7 local {IPV4} remote 203.0.113.99 dstport 4789
ip link add mv0 link eth0 address {VF_MAC} type macvlan mode bridge
ip link set eth0 up; ip link set eth1 up; ip link set br0 up
ip addr add {IPV4}/24 brd + dev eth0
ip addr add 203.0.113.78/24 dev eth0
ip addr add {IPV6}/64 dev eth0
ip addr add 10.9.8.7 peer 10.9.8.1 dev br0
ip route add default via 203.0.113.1
ip route add 198.18.5.0/24 via 203.0.113.1 src {IPV4} metric 7
ip route add 198.18.6.0/24 nexthop via 203.0.113.1 weight 2 nexthop via 203.0.113.2
ip -6 route add 2001:db8:aa::/48 via 2001:db8:7:3::1
"""


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="makes a network namespace")
def test_a_network_survives_scrubbing_without_its_addresses(tmp_path: Path) -> None:
    code = "import sys; from hostinfo.drivers.recorded import record; record(sys.argv[1], raw=True)"
    script = f'set -e\n{NETWORK}\nexec "$@"'
    command = ["unshare", "-n", "-m", "sh", "-c", script, "sh", sys.executable, "-c", code, str(tmp_path / "raw")]
    subprocess.run(command, check=True, capture_output=True)
    record(str(tmp_path / "clean"), f"recorded:{tmp_path}/raw")
    own = [
        IPV4,
        "203.0.113.78",
        "203.0.113.1",
        "203.0.113.99",
        IPV6,
        "10.9.8.7",
        "10.9.8.1",
        "198.18.5.0",
        "2001:db8:aa::",
    ]
    wanted = {"mac": forms(MAC) + forms(VF_MAC), "text": [TAG.encode()], "ip": [
        form for text in own for form in (ipaddress.ip_address(text).packed, text.encode())]}  # fmt: skip
    assert leaks(tmp_path / "raw", wanted)
    assert leaks(tmp_path / "clean", wanted) == []
    with hostinfo.open(f"recorded:{tmp_path}/raw") as host:
        raw = host.network().value
    with hostinfo.open(f"recorded:{tmp_path}/clean") as host:
        new = host.network().value
    for before, after in zip(raw.links, new.links, strict=True):
        for name in ("name", "index", "kind", "controller", "lower", "ports", "mtu", "state", "flags", "vlan", "mode"):
            assert getattr(after, name) == getattr(before, name), (before.name, name)
        assert (after.mac or "")[:8] == (before.mac or "")[:8]
    links = {link.name: link for link in new.links}
    assert links["eth0"].mac == links["br0"].mac  # one address in two places is one again
    assert links["eth0"].altnames == ("enx" + (links["eth0"].mac or "").replace(":", ""),)
    for had, has in zip(raw.addresses, new.addresses, strict=True):
        for name in ("link", "family", "prefix_length", "netmask", "scope", "flags"):
            assert getattr(has, name) == getattr(had, name), (had.address, name)
        assert (had.broadcast is None) == (has.broadcast is None)
    at_eth0 = [ipaddress.ip_interface(f"{a.address}/{a.prefix_length}") for a in new.addresses if a.link == "eth0"]
    first, second = (address for address in at_eth0 if address.version == 4)
    assert first.network == second.network
    assert [a.broadcast for a in new.addresses if a.broadcast] == [str(first.network.broadcast_address)]
    made = ipaddress.ip_address(
        bytes.fromhex(f"{int(at_eth0[2].network.network_address):032x}")[:8] + eui64(links["eth0"].mac)
    )
    assert made in [address.ip for address in at_eth0]
    gateways = {route.destination: route.gateway for route in new.routes if route.gateway and route.family == "ipv4"}
    assert ipaddress.ip_address(gateways["default"] or "") in first.network
    assert [route.preferred_source for route in new.routes if route.metric == 7] == [str(first.ip)]
    connected = [route.destination for route in new.routes if route.link == "eth0" and not route.gateway]
    assert str(first.network) in connected
    for before_route, after_route in zip(raw.routes, new.routes, strict=True):
        for name in ("family", "link", "metric", "table", "type", "protocol", "scope"):
            assert getattr(after_route, name) == getattr(before_route, name)
        assert [hop.weight for hop in after_route.next_hops] == [hop.weight for hop in before_route.next_hops]


def eui64(mac: str | None) -> bytes:
    """The interface identifier that IPv6 makes from a MAC address, RFC 4291 appendix A."""
    raw = bytes.fromhex((mac or "").replace(":", ""))
    return bytes((raw[0] ^ 2,)) + raw[1:3] + b"\xff\xfe" + raw[3:]


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
    new = scrub_netlink(data, Values(KEY))
    new_mac, new_ip = Substitution(KEY).mac(mac), IpSubstitution(Substitution(KEY)).address(ip)
    expected = data.replace(mac, new_mac).replace(ip, new_ip).replace(b"not known yet", bytes(13))
    assert new == expected.replace(b"what is it", bytes(10))
    assert new.count(new_mac) == 4


# -- hostile bytes ---------------------------------------------------------------------------------------------------

header = st.tuples(st.integers(0, 200), st.sampled_from([2, 3, 16, 20, 24, 99]), st.binary(max_size=180)).map(
    lambda parts: struct.pack("=IHHII", parts[0] % 7 and 16 + len(parts[2]), parts[1], 2, 1, 1) + parts[2]
)


@given(st.one_of(st.binary(max_size=400), st.lists(header, max_size=4).map(b"".join)))
def test_any_netlink_bytes_are_scrubbed_to_as_many(data: bytes) -> None:
    assert len(scrub_netlink(data, Values(KEY))) == len(data)


@given(st.binary(max_size=400))
def test_any_table_is_scrubbed_to_as_many_bytes(data: bytes) -> None:
    table, entry = smbios()
    for content in (data, table[: len(data)], table[:20] + data):
        assert len(scrub_table(content, entry, Values(KEY))) == len(content)


def test_only_a_remote_libvirt_uri_names_a_host() -> None:
    from hostinfo.drivers.recorded.scrub.rules import spans

    remote = b"qemu+ssh://root@node7/system"
    assert [(remote[start:end], kind) for start, end, kind in spans("libvirt/uri", remote)] == [(b"node7", "host name")]
    assert spans("libvirt/uri", b"probe xen:///system") == []
