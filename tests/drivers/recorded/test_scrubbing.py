"""A scrubbed recording holds no secret, and keeps everything else."""

import json
import struct
from pathlib import Path

import pytest

import hostinfo
from hostinfo.drivers.recorded.scrub.scrubber import scrub
from hostinfo.drivers.recorded.scrub.secrets import SecretIndex
from hostinfo.drivers.recorded.scrub.substitute import Substitution
from hostinfo.drivers.sources.hypercall.recording import scrub_reply
from hostinfo.drivers.sources.recorded.folder_writer import save
from hostinfo.drivers.sources.recorded.recording import Recording
from hostinfo.recording import record_machine

from .secret_machine import BOOT_ID, HOST, KEY, MAC, SERIALS, UUID, leaks, secrets, write_machine


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same machine recorded raw and scrubbed."""
    base = tmp_path_factory.mktemp("scrubbing")
    write_machine(base / "tree")
    record_machine(str(base / "raw"), f"sysfs://{base / 'tree'}", raw=True)
    record_machine(str(base / "scrubbed"), f"recorded:{base / 'raw'}", key=KEY)
    return base / "raw", base / "scrubbed"


def test_no_secret_is_left_in_any_form(folders: tuple[Path, Path]) -> None:
    raw, scrubbed = folders
    assert {leak.split(" ")[0] for leak in leaks(raw, secrets())} >= {
        "uuid",
        "mac",
        "text",
    }  # the search does find them
    assert leaks(scrubbed, secrets()) == []


def test_no_secret_is_left_in_files_that_no_reader_reads_yet(tmp_path: Path) -> None:
    """Every file of the tree, because a later reader may read it."""
    write_machine(tmp_path / "tree")
    recording = Recording()
    for path in (tmp_path / "tree").rglob("*"):
        if path.is_file():
            recording.files[str(path.relative_to(tmp_path / "tree"))] = path.read_bytes()
    clean, _, left_out = scrub(recording, KEY, {})
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


def test_replies_of_libvirt_hold_no_secret(tmp_path: Path) -> None:
    """The forms are libvirt's: sysinfo (formatdomain.html), names of node devices, domains as a list."""
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
    }), KEY, {})  # fmt: skip
    save(clean, str(tmp_path / "out"), is_private=False)
    words = {"name": [b"shop", b"mile", MAC.replace(":", "_").encode(), MAC.replace(":", "_")[9:].encode()]}
    assert leaks(tmp_path / "out", secrets() | words) == []
    names = [domain["name"] for domain in json.loads(clean.replies["libvirt/domains.json"])]
    assert (len(names[0]), names[1]) == (len(str(domains[0]["name"])), "Domain-0")


def test_a_secret_in_several_places_has_one_substitute(folders: tuple[Path, Path]) -> None:
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
    report = record_machine(str(tmp_path / "again"), f"recorded:{folders[0]}", key=KEY)
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
    record_machine(str(tmp_path / "same"), f"recorded:{folders[0]}", key=KEY)
    record_machine(str(tmp_path / "other"), f"recorded:{folders[0]}")
    name = "root/sys/class/dmi/id/product_serial"
    assert (tmp_path / "same" / name).read_bytes() == (folders[1] / name).read_bytes()
    assert (tmp_path / "other" / name).read_bytes() != (folders[1] / name).read_bytes()


def test_a_host_name_that_is_an_ordinary_word_changes_no_fact(tmp_path: Path) -> None:
    write_machine(tmp_path / "tree")
    (tmp_path / "tree/proc/sys/kernel/hostname").write_text("debian\n")
    (tmp_path / "tree/etc/hostname").write_text("debian\n")
    record_machine(str(tmp_path / "out"), f"sysfs://{tmp_path}/tree")
    with hostinfo.open(f"recorded:{tmp_path}/out") as host:
        system = host.system().value
    assert system.os_name == "Debian GNU/Linux 12 (bookworm)"
    assert system.hostname not in (None, "debian")


def test_a_host_named_like_a_cpu_flag_loses_no_flag(tmp_path: Path) -> None:
    write_machine(tmp_path / "tree")
    (tmp_path / "tree/proc/sys/kernel/hostname").write_text("fpu\n")
    (tmp_path / "tree/proc/sys/kernel/osrelease").write_text("6.1.0-fpu\n")
    record_machine(str(tmp_path / "out"), f"sysfs://{tmp_path}/tree")
    with hostinfo.open(f"recorded:{tmp_path}/out") as host:
        assert host.cpu().value.flags == ("fpu",)
    assert b"6.1.0-fpu" not in (tmp_path / "out/machine.toml").read_bytes()


def test_domains_of_xen_get_other_uuids() -> None:
    """The layout of xen_domctl_getdomaininfo: 112 bytes per domain, the handle at 76 (xen/include/public/domctl.h)."""
    row = bytes(range(76)) + bytes.fromhex(UUID.replace("-", "")) + bytes(range(20))
    index = SecretIndex(KEY)
    scrubbed = scrub_reply("xen/domains", struct.pack("<I", 112) + row + row, index)
    new = bytes.fromhex(index.uuid(UUID).replace("-", ""))
    assert new != row[76:92]
    assert scrubbed == struct.pack("<I", 112) + (row[:76] + new + row[92:]) * 2
    assert scrub_reply("xen/physinfo", row, index) == row
