"""SMBIOS structures against dmidecode(8), which reads a dump of the same bytes."""

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from hostinfo.drivers.sources.smbios import parse_tables
from hostinfo.drivers.sources.smbios.identity import parse_chassis
from hostinfo.drivers.sources.smbios.processor import split_signature
from tests.support.smbios_bytes import (
    CPU_TEXTS,
    DIMM_TEXTS,
    END,
    GIB,
    KIB,
    MIB,
    entry_point,
    memory_device,
    processor,
    structure,
)

DMIDECODE = shutil.which("dmidecode", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def dmidecode(path: Path, data: bytes, entry: bytes, kind: int) -> list[dict[str, str]]:
    """Return dmidecode's values of each structure of a type in these bytes."""
    assert DMIDECODE is not None
    path.write_bytes(entry.ljust(32, b"\0") + data)
    command = [DMIDECODE, "--from-dump", str(path), "-t", str(kind)]
    text = subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        if line.startswith("Handle "):
            found.append({})
        elif line.startswith("\t") and not line.startswith("\t\t") and found:
            name, _, value = line.strip().partition(": ")
            found[-1][name] = value
    return found


needs_dmidecode = pytest.mark.skipif(DMIDECODE is None, reason="dmidecode is not installed")


def normalised(text: str | None) -> str:
    """Return the letters and digits in lower case: dmidecode abbreviates some names of the specification."""
    return "".join(character for character in (text or "").lower() if character.isalnum())


NO_NAME = ("Other", "Unknown", "Reserved", "<OUT OF SPEC>")


@needs_dmidecode
def test_chassis_types_are_those_of_dmidecode(tmp_path: Path) -> None:
    bodies = [bytes([1, code | 0x80, 0, 0, 0, 3, 3, 3, 3]) for code in range(0x26)]
    data = b"".join(structure(3, code, body, b"Maker") for code, body in enumerate(bodies)) + END
    entry = entry_point(data, (3, 4), None)
    theirs = [found["Type"] for found in dmidecode(tmp_path / "dump", data, entry, 3)]
    ours = [parse_chassis(each).type for each in parse_tables(data, entry).of_type(3)]
    for ours_name, theirs_name in zip(ours, theirs, strict=True):
        if theirs_name in NO_NAME:
            assert ours_name is None
        else:
            expected = normalised(theirs_name).removesuffix("chassis").replace("sing", "sure")  # Blade Enclosing
            assert normalised(ours_name).removesuffix("chassis") == expected


@needs_dmidecode
def test_memory_types_and_form_factors_are_those_of_dmidecode(tmp_path: Path) -> None:
    bodies = [memory_device(kind=code, form=code) for code in range(0x28)]
    data = b"".join(structure(17, code, body, *DIMM_TEXTS) for code, body in enumerate(bodies)) + END
    entry = entry_point(data, (3, 4), None)
    newer = {"Type": {0x24: "HBM3"}, "Form Factor": {0x11: "CAMM"}}  # names added after the installed dmidecode
    both = zip(parse_tables(data, entry).memory_devices, dmidecode(tmp_path / "dump", data, entry, 17), strict=True)
    for code, (ours, theirs) in enumerate(both):
        for name, ours_name in (("Type", ours.type), ("Form Factor", ours.form_factor)):
            if theirs[name] in NO_NAME:
                assert ours_name == newer[name].get(code)
            else:
                assert normalised(ours_name) == normalised(theirs[name])


@needs_dmidecode
def test_error_correction_is_that_of_dmidecode(tmp_path: Path) -> None:
    bodies = [struct.pack("<BBBIHHQ", 3, 3, code, 64 * MIB, 0xFFFE, 4, 0) for code in range(9)]
    data = b"".join(structure(16, code, body) for code, body in enumerate(bodies)) + END
    entry = entry_point(data, (3, 4), None)
    both = zip(parse_tables(data, entry).memory_arrays, dmidecode(tmp_path / "dump", data, entry, 16), strict=True)
    for ours, theirs in both:
        theirs_name = theirs["Error Correction Type"]
        assert ours.error_correction == (None if theirs_name in NO_NAME else theirs_name)
        assert ours.maximum_bytes == 64 * GIB


@needs_dmidecode
def test_module_sizes_are_those_of_dmidecode(tmp_path: Path) -> None:
    sizes = [(0, 0), (0xFFFF, 0), (512, 0), (0x8200, 0), (0x7FFF, 65536), (0x7FFF, 1 << 31 | 32768), (0x7FFE, 0)]
    bodies = [memory_device(*pair) for pair in sizes]
    data = b"".join(structure(17, number, body, *DIMM_TEXTS) for number, body in enumerate(bodies)) + END
    entry = entry_point(data, (3, 4), None)
    both = zip(parse_tables(data, entry).memory_devices, dmidecode(tmp_path / "dump", data, entry, 17), strict=True)
    for ours, theirs in both:
        if theirs["Size"] in ("No Module Installed", "Unknown"):
            assert ours.size_bytes is None
            assert ours.is_populated == (theirs["Size"] == "Unknown")
        else:
            number, unit = theirs["Size"].split()
            assert ours.size_bytes == int(number) * {"kB": KIB, "MB": MIB, "GB": GIB, "TB": 1024 * GIB}[unit]


@needs_dmidecode
def test_a_memory_module_has_the_values_of_dmidecode(tmp_path: Path) -> None:
    data = structure(17, 0x1100, memory_device(), *DIMM_TEXTS) + END
    entry = entry_point(data, (3, 4), None)
    theirs = dmidecode(tmp_path / "dump", data, entry, 17)[0]
    ours = parse_tables(data, entry).memory_devices[0]
    assert (ours.slot, ours.bank) == (theirs["Locator"], theirs["Bank Locator"])
    assert (ours.manufacturer, ours.part_number) == (theirs["Manufacturer"], theirs["Part Number"])
    assert (ours.serial, ours.asset_tag) == (theirs["Serial Number"], theirs["Asset Tag"])
    assert f"{ours.rank}" == theirs["Rank"]
    assert f"{ours.speed_mts} MT/s" == theirs["Speed"]
    assert f"{ours.configured_speed_mts} MT/s" == theirs["Configured Memory Speed"]
    assert f"{ours.data_width_bits} bits" == theirs["Data Width"]
    assert f"{ours.total_width_bits} bits" == theirs["Total Width"]
    assert ours.technology == theirs["Memory Technology"]


@needs_dmidecode
@pytest.mark.parametrize(("version", "count"), [((3, 4), None), ((2, 8), 2), ((2, 6), 2), ((2, 5), 2)])
def test_a_processor_has_the_values_of_dmidecode(tmp_path: Path, version: tuple[int, int], count: int | None) -> None:
    data = structure(4, 0x400, processor(), *CPU_TEXTS) + END
    entry = entry_point(data, version, count)
    theirs = dmidecode(tmp_path / "dump", data, entry, 4)[0]
    ours = parse_tables(data, entry).processors[0]
    assert (ours.socket, ours.manufacturer, ours.version) == (
        theirs["Socket Designation"],
        theirs["Manufacturer"],
        theirs["Version"],
    )
    assert (ours.cores, ours.threads) == (int(theirs["Core Count"]), int(theirs["Thread Count"]))
    assert f"{(ours.max_frequency_hz or 0) // 1_000_000} MHz" == theirs["Max Speed"]
    assert f"{(ours.current_frequency_hz or 0) // 1_000_000} MHz" == theirs["Current Speed"]
    assert ours.signature is not None
    family, model, stepping = split_signature(ours.signature)
    assert theirs["Signature"] == f"Type 0, Family {family}, Model {model}, Stepping {stepping}"


@needs_dmidecode
@pytest.mark.parametrize(("version", "swapped"), [((2, 5), False), ((2, 6), True), ((3, 4), True)])
def test_the_uuid_has_the_byte_order_of_its_version(tmp_path: Path, version: tuple[int, int], swapped: bool) -> None:
    uuid = bytes(range(0x10, 0x20))
    data = structure(1, 0x100, bytes([1, 2, 0, 0]) + uuid + bytes([6, 0, 0]), b"ACME", b"HostOne") + END
    entry = entry_point(data, version, 2 if version < (3, 0) else None)
    system = parse_tables(data, entry).system
    assert system is not None
    assert system.uuid == dmidecode(tmp_path / "dump", data, entry, 1)[0]["UUID"]
    assert (system.uuid or "").startswith("13121110" if swapped else "10111213")


@needs_dmidecode
@pytest.mark.parametrize(("size", "size_2"), [(512, 0), (0x8200, 0), (0xFFFF, 0x80001000), (0x7FFF, 40 * 1024)])
def test_cache_sizes_are_those_of_dmidecode(tmp_path: Path, size: int, size_2: int) -> None:
    body = struct.pack("<BHHHHHBBBBII", 1, 0x181, size, size, 0x20, 0x20, 0, 5, 5, 8, size_2, size_2)
    data = structure(7, 0x700, body, b"L2") + END
    # without a second size, the older form of the structure: dmidecode uses only one of them
    if not size_2:
        data = structure(7, 0x700, body[:-8], b"L2") + END
    entry = entry_point(data, (3, 4), None)
    theirs = dmidecode(tmp_path / "dump", data, entry, 7)[0]
    ours = parse_tables(data, entry).caches[0]
    number, unit = theirs["Installed Size"].split()
    assert ours.size_bytes == int(number) * {"kB": KIB, "MB": MIB, "GB": GIB}[unit]
    assert (ours.type, f"{ours.ways}-way Set-associative") == (theirs["System Type"], theirs["Associativity"])
    assert (ours.level, ours.is_enabled) == (2, True)
