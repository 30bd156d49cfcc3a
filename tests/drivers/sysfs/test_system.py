"""The machine's names: trees with published contents, third-party machines, this machine, a real hostnamed."""

import errno
import os
import platform
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hostinfo
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs import system
from hostinfo.drivers.sysfs.platform import architecture
from hostinfo.drivers.sysfs.platform.etc_files import parse_assignments
from hostinfo.drivers.sysfs.platform.machine_identity import iso_date
from hostinfo.errors import ReadError
from hostinfo.model.system import Bios, Board, Chassis, System
from tests.support.smbios_bytes import END, entry_point, structure
from tests.support.trees import unpack_evidence, write_tree

CORPORA = os.environ.get("HOSTINFO_CORPORA")
HOSTNAMED = next((path for path in ("/lib/systemd/systemd-hostnamed", "/usr/lib/systemd/systemd-hostnamed")
                  if os.path.exists(path)), None)  # fmt: skip
DMI = {
    "sys_vendor": "Dell Inc.",
    "product_name": "PowerEdge R740",
    "product_version": "  ",
    "product_serial": "ABC1234",
    "product_sku": "SKU=NotProvided;ModelName=PowerEdge R740",
    "product_family": "To Be Filled By O.E.M.",
    "product_uuid": "4C4C4544-0042-4A10-8031-B4C04F4D3332",
    "board_vendor": "Dell Inc.",
    "board_name": "0923K0",
    "board_version": "A05",
    "board_serial": ".ABC1234.CNFCP0098500AB.",
    "chassis_type": "23",
    "chassis_vendor": "Dell Inc.",
    "chassis_serial": "ABC1234",
    "bios_vendor": "Dell Inc.",
    "bios_version": "2.12.2",
    "bios_date": "07/09/2021",
}


def told(root: Path) -> System:
    with hostinfo.open(f"sysfs://{root}") as host:
        return host.system().value


def dmi(root: Path) -> Path:
    return write_tree(root, {"proc/": "", **{f"sys/class/dmi/id/{name}": f"{text}\n" for name, text in DMI.items()}})


def test_the_firmwares_names_are_told_and_its_placeholders_are_not(tmp_path: Path) -> None:
    found = told(dmi(tmp_path))
    assert (found.manufacturer, found.product, found.serial) == ("Dell Inc.", "PowerEdge R740", "ABC1234")
    assert (found.version, found.family) == (None, None)
    assert found.hardware_uuid == "4c4c4544-0042-4a10-8031-b4c04f4d3332"
    assert found.board == Board(
        manufacturer="Dell Inc.", product="0923K0", version="A05", serial=".ABC1234.CNFCP0098500AB."
    )
    assert found.chassis == Chassis(type="Rack Mount Chassis", manufacturer="Dell Inc.", serial="ABC1234")
    assert found.bios == Bios(vendor="Dell Inc.", version="2.12.2", release_date="2021-07-09")


DENIED = ("product_serial", "product_uuid", "board_serial", "chassis_serial")  # 0400 in drivers/firmware/dmi-id.c


def test_what_only_root_may_read_is_a_problem_in_its_place(tmp_path: Path) -> None:
    tree = Tree(str(dmi(tmp_path)), errors={f"sys/class/dmi/id/{name}": errno.EACCES for name in DENIED})
    fact = system.read(Sources(tree=tree), None)
    assert {problem.path for problem in fact.problems} == {"serial", "hardware_uuid", "board.serial", "chassis.serial"}
    assert all(isinstance(problem.error, ReadError) for problem in fact.problems)
    assert (fact.value.product, fact.value.serial) == ("PowerEdge R740", None)
    assert fact.value.board is not None
    assert fact.value.board.product == "0923K0"


def test_hostnamed_is_asked_for_the_uuid_that_may_not_be_read(tmp_path: Path) -> None:
    tree = Tree(str(dmi(tmp_path)), errors={"sys/class/dmi/id/product_uuid": errno.EACCES})
    asked: list[str] = []

    def answer(member: str) -> str:
        asked.append(member)
        return "4c4c454400424a108031b4c04f4d3332"

    fact = system.read(Sources(tree=tree, hostnamed=answer), frozenset({"hardware_uuid"}))
    assert (fact.value.hardware_uuid, asked) == ("4c4c4544-0042-4a10-8031-b4c04f4d3332", ["GetProductUUID"])
    assert fact.sources["hardware_uuid"].startswith("org.freedesktop.hostname1")
    assert fact.problems == ()


def test_one_field_reads_one_file(tmp_path: Path) -> None:
    """Every other file would fail the read, if it were opened."""
    root = dmi(tmp_path)
    tree = Tree(str(root), errors={f"sys/class/dmi/id/{name}": errno.EIO for name in DMI if name != "product_name"})
    fact = system.read(Sources(tree=tree), frozenset({"product"}))
    assert (fact.value.product, fact.problems) == ("PowerEdge R740", ())


def test_the_raw_table_names_the_machine_where_the_kernel_shows_no_files(tmp_path: Path) -> None:
    uuid = bytes.fromhex("44454c4c4200104a8031b4c04f4d3332")
    table = structure(1, 0x100, bytes([1, 2, 0, 0]) + uuid + bytes(3), b"ACME", b"HostOne") + END
    files = {"DMI": table, "smbios_entry_point": entry_point(table, (2, 8), 2)}
    found = told(write_tree(tmp_path, {f"sys/firmware/dmi/tables/{name}": data for name, data in files.items()}))
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
def test_device_trees_name_the_machine(tmp_path: Path, files: dict[str, bytes], expected: System) -> None:
    assert told(write_tree(tmp_path, {f"proc/device-tree/{name}": data for name, data in files.items()})) == expected


def test_a_mainframes_guest_has_its_own_uuid(tmp_path: Path) -> None:
    """The layout of arch/s390/kernel/sysinfo.c."""
    text = (
        "Manufacturer:         IBM\nType:                 3931\nModel:                704              A01\n"
        "Sequence Code:        0000000000012345\nLPAR Number:          4\nLPAR UUID:            "
        "11111111-2222-3333-4444-555555555555\nVM00 Name:            box\nVM00 Control Program: KVM/Linux\n"
        "VM00 UUID:            82038f2a-1344-aaf7-1a85-2a7250be2076\n"
    )
    found = told(write_tree(tmp_path, {"proc/sysinfo": text}))
    assert (found.manufacturer, found.product, found.version) == ("IBM", "3931", "704 A01")
    assert (found.serial, found.hardware_uuid) == ("0000000000012345", "82038f2a-1344-aaf7-1a85-2a7250be2076")


MACHINE_INFO = r"""PRETTY_HOSTNAME="Anna's \"node\""
DEPLOYMENT=production
#LOCATION=x
LOCATION='Rack 4, "B"'
"""


def test_configured_names_are_read_as_their_manual_pages_say(tmp_path: Path) -> None:
    found = told(
        write_tree(
            tmp_path,
            {
                "proc/sys/kernel/hostname": "node1.example.org\n",
                "etc/hostname": "# comment\n\nnode1\n",
                "etc/machine-info": MACHINE_INFO,
                "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
                "etc/os-release": 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
                "usr/lib/os-release": "PRETTY_NAME=Other\n",
            },
        )
    )
    assert (found.hostname, found.static_hostname) == ("node1.example.org", "node1")
    assert (found.pretty_hostname, found.deployment) == ('Anna\'s "node"', "production")
    assert found.location == 'Rack 4, "B"'
    assert (found.machine_id, found.os_name) == ("0123456789abcdef0123456789abcdef", "Debian GNU/Linux 12 (bookworm)")


def test_a_first_boot_has_no_machine_id(tmp_path: Path) -> None:
    assert told(write_tree(tmp_path, {"proc/": "", "etc/machine-id": "uninitialized\n"})).machine_id is None


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
def test_dates_of_firmware_become_iso_where_they_are_dates(text: str, expected: str) -> None:
    assert iso_date(text) == expected


def test_this_machine_is_told_as_the_c_library_tells_it() -> None:
    with hostinfo.open("sysfs:///") as host:
        found = host.system().value
    name = os.uname()
    assert (found.hostname, found.kernel_release, found.architecture) == (
        socket.gethostname(),
        name.release,
        name.machine,
    )
    assert found.os_name == platform.freedesktop_os_release()["PRETTY_NAME"]
    assert found.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


# the publishers' names of their machines, and the texts of uname or lscpu that they keep beside them
ARCHITECTURES = {
    "hwloc/16amd64-8n2c": "x86_64",
    "hwloc/20em64t-hybrid-1p6c2t+2ca4co1t": "x86_64",
    "hwloc/20s390-2g6s4c": "s390x",
    "hwloc/256ppc-8n8s4t": "ppc64",
    "hwloc/2arm-2c": "armv7l",
    "hwloc/2i386-2c-nohugepage": "i686",
    "hwloc/8ia64-2s2c2t": "ia64",
    "lscpu/armv7": "armv7l",
    "lscpu/loongarch-loongson_3a5000_hv": "loongarch64",
    "lscpu/ppc64-POWER7": "ppc64",
    "lscpu/rv64-linux": "riscv64",
    "lscpu/s390-kvm": "s390x",
    "lscpu/vbox-win": "x86_64",
    "lscpu/x86_64-dell_e4310": "x86_64",
}


@pytest.mark.skipif(CORPORA is None, reason="HOSTINFO_CORPORA is not set")
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_tree_tells_its_own_architecture_and_not_this_machines(tmp_path: Path, name: str) -> None:
    assert told(unpack_evidence(name, tmp_path)).architecture == ARCHITECTURES[name]


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        # Documentation/arch/arm64/cpu-feature-registers.rst, arch/sparc/kernel/cpu.c, powerpc/kernel/setup-common.c
        ("processor\t: 0\nFeatures\t: fp asimd evtstrm\nCPU implementer\t: 0x41\nCPU architecture: 8\n", "aarch64"),
        ("cpu\t\t: UltraSparc T2 (Niagara2)\nprom\t\t: OBP 4.30.4\ntype\t\t: sun4v\nncpus active\t: 64\n", "sparc64"),
        ("processor\t: 0\ncpu\t\t: POWER9, altivec supported\nplatform\t: PowerNV\n", None),
        ("processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu tsc\n", "i686"),
        ("", None),
        ("nonsense", None),
    ],
)
def test_an_architecture_is_told_only_where_it_is_certain(tmp_path: Path, cpuinfo: str, expected: str | None) -> None:
    assert told(write_tree(tmp_path, {"proc/cpuinfo": cpuinfo})).architecture == expected


def test_a_power9_tells_its_byte_order_by_the_kernels_file(tmp_path: Path) -> None:
    files = {"proc/cpuinfo": "processor\t: 0\ncpu\t\t: POWER9\n", "sys/kernel/cpu_byteorder": "little\n"}
    assert told(write_tree(tmp_path, files)).architecture == "ppc64le"


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("6.1.0-13-amd64", "x86_64"),
        ("5.14.0-362.el9.aarch64", "aarch64"),
        ("4.18.0-513.el8.x86_64+debug", "x86_64"),
        ("6.1.0-13-powerpc64le", "ppc64le"),
        ("5.10.0-20-686-pae", "i686"),
        ("6.8.0-31-generic", None),
        ("6.18.44-fc-v445", None),
    ],
)
def test_distributions_write_the_architecture_into_the_release(release: str, expected: str | None) -> None:
    assert architecture.parse_release(release) == expected


BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={socket}</listen><auth>EXTERNAL</auth><policy context="default">
<allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="signal"/><allow receive_type="method_return"/>
<allow receive_type="error"/></policy></busconfig>
"""
ASK = "from hostinfo.drivers.sources.hostnamed import call; print(call({member!r}))"


def ask(address: str, member: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: libdbus reads the address once."""
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}
    command = [sys.executable, "-c", ASK.format(member=member)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


def wait_for(path: Path) -> None:
    for _ in range(200):
        if path.exists():
            return
        time.sleep(0.05)
    raise TimeoutError(path)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    """The address of a real bus of its own, with a real hostnamed on it."""
    pytest.importorskip("dbus")
    daemon = shutil.which("dbus-daemon")
    if daemon is None or HOSTNAMED is None or os.geteuid() != 0:
        pytest.skip("needs root, dbus-daemon and systemd-hostnamed")
    address = tmp_path / "bus"
    (tmp_path / "bus.conf").write_text(BUS.format(socket=address))
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={address}"}
    quiet = subprocess.DEVNULL
    with subprocess.Popen([daemon, f"--config-file={tmp_path}/bus.conf", "--nofork"], stderr=quiet) as server:
        wait_for(address)
        with subprocess.Popen([HOSTNAMED], env=environment, stderr=quiet) as service:
            yield f"unix:path={address}"
            service.kill()
        server.kill()


@pytest.mark.root
def test_a_real_hostnamed_answers(bus: str) -> None:
    done = ask(bus, "Hostname")
    for _ in range(20):
        if done.returncode == 0:
            break
        time.sleep(0.2)
        done = ask(bus, "Hostname")
    assert done.stdout.strip() == socket.gethostname()
    assert "ReadError: org.freedesktop.hostname1: NoSuch" in ask(bus, "NoSuch").stderr


def test_a_bus_that_never_answers_costs_a_second(tmp_path: Path) -> None:
    pytest.importorskip("dbus")
    path = tmp_path / "silent"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        program = (
            "import time; from hostinfo.drivers.sources.hostnamed import call; from hostinfo.errors import ReadError\n"
            "begun = time.monotonic()\n"
            "try: call('Hostname')\n"
            "except ReadError as error: print(time.monotonic() - begun, error)\n"
        )
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}"}
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, timeout=60)
    seconds, _, message = done.stdout.partition(" ")
    assert 0.9 < float(seconds) < 3
    assert "no reply within 1 s" in message


@given(st.text(max_size=300))
def test_any_text_gives_assignments_and_dates(text: str) -> None:
    assert all(isinstance(value, str) for value in parse_assignments(text).values())
    assert iso_date(text) or not text


@given(st.text(max_size=300))
def test_any_text_gives_an_architecture_or_none(text: str) -> None:
    found = architecture.parse_cpuinfo(text, is_32_bit=lambda: architecture.is_32_bit(text), byte_order=lambda: text)
    assert found is None or found.isprintable()
    assert system.parse_version(text) is None or text.startswith("Linux")


@pytest.mark.parametrize("shape", ["absent", "empty", "folder", "garbage", "long"])
def test_trees_of_any_shape_give_a_value_or_an_error(tmp_path: Path, shape: str) -> None:
    paths = ["etc/hostname", "etc/machine-info", "etc/machine-id", "etc/os-release", "proc/cpuinfo", "proc/sysinfo",
             "proc/version", "proc/sys/kernel/hostname", "sys/firmware/dmi/tables/DMI", "proc/device-tree/model",
             *(f"sys/class/dmi/id/{name}" for name in DMI)]  # fmt: skip
    contents = {
        "empty": b"",
        "garbage": struct.pack("<64I", *range(64)) * 9 + b"\xff\n:=\0",
        "long": b"A=:" * 10_000_000,
    }
    (tmp_path / "proc").mkdir()
    for path in paths:
        if shape == "folder":
            (tmp_path / path).mkdir(parents=True)
        elif shape in contents and (
            shape != "long" or not path.startswith(("sys/class/dmi/id/b", "sys/class/dmi/id/c"))
        ):
            write_tree(tmp_path, {path: contents[shape]})
    with hostinfo.open(f"sysfs://{tmp_path}") as host:
        fact = host.system()
    assert fact.value.hardware_uuid is None
    assert all(problem.error.source for problem in fact.problems)
