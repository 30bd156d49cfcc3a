"""The machine's identity from its firmware: trees with published contents."""

import errno
from pathlib import Path

import pytest

import hostinfo
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs import system
from hostinfo.drivers.sysfs.platform.machine_identity import iso_date
from hostinfo.errors import ReadError
from hostinfo.model.system import Bios, Board, Chassis, System
from tests.support.smbios_bytes import END, entry_point, structure
from tests.support.trees import write_dmi, write_tree


def read_system(root: Path) -> System:
    with hostinfo.open(f"sysfs://{root}") as host:
        return host.system().value


def test_firmware_strings_are_reported_and_placeholders_are_not(tmp_path: Path) -> None:
    found = read_system(write_dmi(tmp_path))
    assert (found.manufacturer, found.product, found.serial) == ("Dell Inc.", "PowerEdge R740", "ABC1234")
    assert (found.version, found.family) == (None, None)
    assert found.hardware_uuid == "4c4c4544-0042-4a10-8031-b4c04f4d3332"
    assert found.board == Board(
        manufacturer="Dell Inc.", product="0923K0", version="A05", serial=".ABC1234.CNFCP0098500AB."
    )
    assert found.chassis == Chassis(type="Rack Mount Chassis", manufacturer="Dell Inc.", serial="ABC1234")
    assert found.bios == Bios(vendor="Dell Inc.", version="2.12.2", release_date="2021-07-09")


DENIED = ("product_serial", "product_uuid", "board_serial", "chassis_serial")  # 0400 in drivers/firmware/dmi-id.c


def test_files_readable_by_root_only_are_problems_of_their_fields(tmp_path: Path) -> None:
    tree = Tree(str(write_dmi(tmp_path)), errors={f"sys/class/dmi/id/{name}": errno.EACCES for name in DENIED})
    result = system.read(Sources(tree=tree), None)
    assert {problem.path for problem in result.problems} == {
        "serial",
        "hardware_uuid",
        "board.serial",
        "chassis.serial",
    }
    assert all(isinstance(problem.error, ReadError) for problem in result.problems)
    assert (result.value.product, result.value.serial) == ("PowerEdge R740", None)
    assert result.value.board is not None
    assert result.value.board.product == "0923K0"


def test_an_unreadable_uuid_is_read_from_hostnamed(tmp_path: Path) -> None:
    tree = Tree(str(write_dmi(tmp_path)), errors={"sys/class/dmi/id/product_uuid": errno.EACCES})
    asked: list[str] = []

    def answer(member: str) -> str:
        asked.append(member)
        return "4c4c454400424a108031b4c04f4d3332"

    result = system.read(Sources(tree=tree, hostnamed=answer), frozenset({"hardware_uuid"}))
    assert (result.value.hardware_uuid, asked) == ("4c4c4544-0042-4a10-8031-b4c04f4d3332", ["GetProductUUID"])
    assert result.sources["hardware_uuid"].startswith("org.freedesktop.hostname1")
    assert result.problems == ()


def test_without_dmi_files_the_identity_is_read_from_the_smbios_table(tmp_path: Path) -> None:
    uuid = bytes.fromhex("44454c4c4200104a8031b4c04f4d3332")
    table = structure(1, 0x100, bytes([1, 2, 0, 0]) + uuid + bytes(3), b"ACME", b"HostOne") + END
    files = {"DMI": table, "smbios_entry_point": entry_point(table, (2, 8), 2)}
    found = read_system(write_tree(tmp_path, {f"sys/firmware/dmi/tables/{name}": data for name, data in files.items()}))
    assert (found.manufacturer, found.product) == ("ACME", "HostOne")
    assert found.hardware_uuid == "4c4c4544-0042-4a10-8031-b4c04f4d3332"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # https://www.raspberrypi.com/documentation/computers/raspberry-pi.html
        (
            {"model": b"Raspberry Pi 4 Model B Rev 1.4\0", "serial-number": b"10000000abcdef01\0"},
            System(product="Raspberry Pi 4 Model B Rev 1.4", serial="10000000abcdef01"),
        ),
        # QEMU, hw/ppc/spapr.c: vm,uuid
        (
            {"model": b"IBM pSeries (emulated by qemu)\0", "vm,uuid": b"22222222-2222-3333-4444-555555555555\0"},
            System(product="IBM pSeries (emulated by qemu)", hardware_uuid="22222222-2222-3333-4444-555555555555"),
        ),
        # PAPR+: system-id is "IBM,02" and the serial number
        (
            {"model": b"IBM,8286-42A\0", "system-id": b"IBM,0210ABCDE\0"},
            System(product="IBM,8286-42A", serial="10ABCDE"),
        ),
    ],
)
def test_the_identity_is_read_from_a_device_tree(tmp_path: Path, files: dict[str, bytes], expected: System) -> None:
    assert (
        read_system(write_tree(tmp_path, {f"proc/device-tree/{name}": data for name, data in files.items()}))
        == expected
    )


def test_a_guest_on_s390_reports_its_own_uuid(tmp_path: Path) -> None:
    """The layout of arch/s390/kernel/sysinfo.c."""
    text = (
        "Manufacturer:         IBM\nType:                 3931\nModel:                704              A01\n"
        "Sequence Code:        0000000000012345\nLPAR Number:          4\nLPAR UUID:            "
        "11111111-2222-3333-4444-555555555555\nVM00 Name:            box\nVM00 Control Program: KVM/Linux\n"
        "VM00 UUID:            82038f2a-1344-aaf7-1a85-2a7250be2076\n"
    )
    found = read_system(write_tree(tmp_path, {"proc/sysinfo": text}))
    assert (found.manufacturer, found.product, found.version) == ("IBM", "3931", "704 A01")
    assert (found.serial, found.hardware_uuid) == ("0000000000012345", "82038f2a-1344-aaf7-1a85-2a7250be2076")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("04/01/2014", "2014-04-01"),
        ("12/31/99", "1999-12-31"),
        ("2014-04-01", "2014-04-01"),
        ("31/12/2019", "31/12/2019"),
        ("July 2019", "July 2019"),
        ("//", "//"),
    ],
)
def test_firmware_dates_are_converted_to_iso_if_they_are_dates(text: str, expected: str) -> None:
    assert iso_date(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("08/16/24", "2024-08-16"),
        ("12/31/95", "2095-12-31"),
        ("01/01/96", "1996-01-01"),
        ("06/23/99", "1999-06-23"),
        ("04/01/00", "2000-04-01"),
        ("04/01/2014", "2014-04-01"),
    ],
)
def test_a_year_of_two_digits_is_that_of_the_kernel(text: str, expected: str) -> None:
    """dmi_get_date() in drivers/firmware/dmi_scan.c: 1900 is added, and 100 more before 1996."""
    assert iso_date(text) == expected


def test_dmi_files_are_read_from_the_device_where_the_class_is_missing(tmp_path: Path) -> None:
    write_tree(tmp_path, {"proc/": "", "sys/devices/virtual/dmi/id/sys_vendor": "ACME\n"})
    assert read_system(tmp_path).manufacturer == "ACME"


@pytest.mark.parametrize(
    "uuid",
    [
        "03000200-0400-0500-0006-000700080009",  # AMI
        "00020003-0004-0005-0006-000700080009",  # AMI, the byte order before SMBIOS 2.6
        "01010101-0101-0101-0101-010101010101",  # the others: systemd, pull request 11137
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "03020100-0504-0706-0809-0a0b0c0d0e0f",
        "01020304-0506-0708-090a-0b0c0d0e0f10",
    ],
)
def test_a_template_uuid_is_absent_with_the_reason(uuid: str, tmp_path: Path) -> None:
    write_tree(tmp_path, {"proc/": "", "sys/class/dmi/id/product_uuid": f"{uuid}\n"})
    with hostinfo.open(f"sysfs://{tmp_path}") as host:
        result = host.system()
    assert result.value.hardware_uuid is None
    (problem,) = [problem for problem in result.problems if problem.path == "hardware_uuid"]
    assert (problem.error.kind, uuid in str(problem.error)) == ("Unsupported", True)


@pytest.mark.parametrize("fill", ["0", "f"])
def test_a_blank_uuid_is_absent_with_the_reason(fill: str, tmp_path: Path) -> None:
    text = "-".join(fill * count for count in (8, 4, 4, 4, 12))
    write_tree(tmp_path, {"proc/": "", "sys/class/dmi/id/product_uuid": f"{text}\n"})
    with hostinfo.open(f"sysfs://{tmp_path}") as host:
        result = host.system(fields=["hardware_uuid"])
    assert result.value.hardware_uuid is None
    assert [str(problem.error) for problem in result.problems] == ["/sys/class/dmi/id: has no value for it"]
