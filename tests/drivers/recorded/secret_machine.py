"""A machine with secrets of every kind, and the search for them in a recording."""

import ipaddress
import struct
from pathlib import Path

KEY = b"0123456789abcdef"
UUID = "4c4c4544-0042-3510-8052-b4c04f4a3132"
UUID_OTHER_ORDER = "44454c4c-4200-1035-8052-b4c04f4a3132"  # its first three fields in the other byte order
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
    raw = bytes.fromhex(UUID_OTHER_ORDER.replace("-", ""))
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


def write_machine(root: Path) -> None:
    """Write a tree with secrets of every kind in every place that a reader may read."""
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
        "etc/resolv.conf": f"# by {HOST}\nsearch {HOST.partition('.')[2]}\nnameserver {IPV4}\nnameserver 127.0.0.53\n",
        "run/systemd/resolve/resolv.conf": f"# by {HOST}\nsearch {HOST.partition('.')[2]}\nnameserver {IPV6}\n",
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
    """The part of a MAC address that identifies the machine, in every form."""
    tail = mac.split(":")[3:]
    raw = bytes.fromhex("".join(tail))
    return [raw, *(character.join(tail).encode() for character in ("", ":", "-")), "".join(tail).upper().encode()]


def secrets() -> dict[str, list[bytes]]:
    """Kind -> every form of the secrets in the tree."""
    raw = bytes.fromhex(UUID.replace("-", ""))
    swapped = bytes.fromhex(UUID_OTHER_ORDER.replace("-", ""))
    boot = bytes.fromhex(BOOT_ID.replace("-", ""))
    texts = [*SERIALS.values(), TAG, HOST, HOST.partition(".")[0], HOST.partition(".")[2], OEM, "hunter22", "Rack 7"]
    return {
        "uuid": [raw, swapped, *(form.encode() for text in (UUID, UUID_OTHER_ORDER) for form in (
            text, text.upper(), text.replace("-", ""), text.replace("-", "").upper()))],
        "boot id": [boot, BOOT_ID.encode(), boot.hex().encode()],
        "machine id": [MACHINE_ID.encode(), bytes.fromhex(MACHINE_ID)],
        "mac": forms(MAC),
        "ipv4": [IPV4.encode(), ipaddress.ip_address(IPV4).packed, b"4D7100CB", b"203.0.113"],
        "ipv6": [IPV6.encode(), ipaddress.ip_address(IPV6).packed, b"fea1:b2c3", b"fea1b2c3", b"20010db800070003"],
        "text": [text.encode() for text in texts],
    }  # fmt: skip


def leaks(folder: Path, searched: dict[str, list[bytes]]) -> list[str]:
    """Find secrets in the files of a folder and in their names."""
    found = []
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        content = (name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"")).lower()
        found += [
            f"{kind} {value!r} in {name}"
            for kind, values in searched.items()
            for value in values
            if value.lower() in content
        ]
    return found
