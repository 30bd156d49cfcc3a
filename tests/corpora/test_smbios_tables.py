"""SMBIOS tables that other projects published, against dmidecode(8) on the same bytes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import hostinfo

from .comparison import check_failures, compare
from .exceptions import FAILURES
from .machines import members, unpack_member

DMIDECODE = shutil.which("dmidecode", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
UNITS = {"kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
MISSING = pytest.param("", marks=pytest.mark.skip("no third-party machines in HOSTINFO_CORPORA/smbios"))


def dmidecode(dump: Path, kind: int) -> list[dict[str, str]]:
    """Return the lines of each structure of a type."""
    assert DMIDECODE is not None
    command = [DMIDECODE, "--from-dump", str(dump), "-t", str(kind)]
    text = subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        if line.startswith("Handle "):
            found.append({})
        elif line.startswith("\t") and not line.startswith("\t\t") and found:
            key, _, value = line.strip().partition(": ")
            found[-1][key] = value
    return found


def as_dump(root: Path) -> Path:
    """Write entry point and table as dmidecode dumps them: the table after 32 bytes, its address changed to that."""
    folder = root / "sys/firmware/dmi/tables"
    entry = bytearray((folder / "smbios_entry_point").read_bytes().ljust(32, b"\0"))
    if entry.startswith(b"_SM3_"):
        entry[16:24] = (32).to_bytes(8, "little")
        entry[5] = (entry[5] - sum(entry[: entry[6]])) % 256
    else:
        entry[24:28] = (32).to_bytes(4, "little")
        entry[21] = (entry[21] - sum(entry[16:31])) % 256
        entry[4] = (entry[4] - sum(entry[: entry[5]])) % 256
    (root / "dump").write_bytes(entry + (folder / "DMI").read_bytes())
    return root / "dump"


@pytest.mark.skipif(DMIDECODE is None, reason="dmidecode is not installed")
@pytest.mark.parametrize("name", members("smbios", "tables") or [MISSING])
def test_modules_are_those_of_dmidecode(name: str, unpack_dir: Path) -> None:
    root = unpack_member("smbios", "tables", name, unpack_dir)
    with hostinfo.open(f"sysfs://{root}") as host:
        memory, system = host.memory().value, host.system().value
    dump = as_dump(root)
    modules = [each for each in dmidecode(dump, 17) if each["Size"] != "No Module Installed"]
    published: dict[str, object] = {
        "sizes": [int(number) * UNITS[unit] for number, unit in (each["Size"].split() for each in modules)],
        "slots": [each["Locator"] for each in modules],
        "serials": [each["Serial Number"] for each in modules],
        "bios version": dmidecode(dump, 0)[0]["Version"],
    }
    found: dict[str, object] = {
        "sizes": [dimm.size_bytes for dimm in memory.dimms],
        "slots": [dimm.slot for dimm in memory.dimms],
        "serials": [dimm.serial for dimm in memory.dimms],
        "bios version": system.bios and system.bios.version,
    }
    compare(name, found, published, {})
    check_failures(name, root, FAILURES)
