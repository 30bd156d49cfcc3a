"""SMBIOS tables against the layouts of DSP0134, and tables that are broken."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hostinfo
from hostinfo.drivers.sources.smbios import Tables, parse_tables, read_smbios
from hostinfo.drivers.sources.smbios.installed import installed_memory
from hostinfo.drivers.sources.smbios.text import clean
from hostinfo.drivers.sources.tree import Tree
from hostinfo.errors import ReadError
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
from tests.support.trees import write_tree

SIZES = (3968, 0x7FFF, 28801)


def tables(*structures: bytes, version: tuple[int, int] = (3, 4), end: bytes = END) -> Tables:
    data = b"".join(structures) + end
    return parse_tables(data, entry_point(data, version, None))


@pytest.mark.parametrize("fill", [b"\0", b"\xff"])
def test_a_blank_uuid_is_absent(fill: bytes) -> None:
    found = tables(structure(1, 0x100, bytes(4) + fill * 16 + bytes(3))).system
    assert found is not None
    assert found.uuid is None


def test_without_an_entry_point_the_byte_order_is_unknown_and_so_the_uuid() -> None:
    data = structure(1, 0x100, bytes([1, 0, 0, 0]) + bytes(range(16)) + bytes(3), b"ACME") + END
    found = parse_tables(data, None)
    assert found.system is not None
    assert (found.system.manufacturer, found.system.uuid) == ("ACME", None)


def test_an_entry_point_with_a_wrong_checksum_is_reported_and_ignored() -> None:
    entry = bytearray(entry_point(END, (3, 4), None))
    entry[7] ^= 1
    found = parse_tables(END, bytes(entry))
    assert found.version is None
    assert "checksum" in found.problems[0]


def test_core_counts_are_not_read_from_a_version_without_them() -> None:
    """The structure is longer than version 2.3 allows; the additional bytes are undefined."""
    assert tables(structure(4, 0x400, processor(67, 3), *CPU_TEXTS), version=(2, 3)).processors[0].cores is None


def test_contradicting_counts_are_absent() -> None:
    found = tables(structure(4, 0x400, processor(cores=67, threads=8), *CPU_TEXTS)).processors[0]
    assert (found.cores, found.cores_enabled, found.threads) == (None, None, None)


def test_more_than_254_cores_are_read_from_the_16_bit_counts() -> None:
    body = processor(cores=0xFF, threads=0xFF, wide=(288, 280, 560))
    found = tables(structure(4, 0x400, body, *CPU_TEXTS)).processors[0]
    assert (found.cores, found.cores_enabled, found.threads) == (288, 280, 560)


def test_an_empty_socket_is_not_populated_and_a_coprocessor_is_no_socket() -> None:
    found = tables(
        structure(4, 0x400, processor(status=0x00), *CPU_TEXTS), structure(4, 0x401, processor(kind=4), *CPU_TEXTS)
    )
    assert [info.is_populated for info in found.processors] == [False]


@pytest.mark.parametrize("family", [0x101, 0x118, 0x201, 0x20, 0x82, 0xCC])
def test_the_id_of_another_architecture_is_no_cpuid_signature(family: int) -> None:
    body = bytearray(processor(family=min(family, 0xFE)))
    struct.pack_into("<H", body, 0x28 - 4, family)
    assert tables(structure(4, 0x400, bytes(body), *CPU_TEXTS)).processors[0].signature is None


def test_invalid_bytes_in_a_string_become_replacement_characters() -> None:
    found = tables(structure(1, 0x100, bytes([1, 2, 3, 9]), b"ACME\xff\xfe", b"a\x1b[31m", b"  ")).system
    assert found is not None
    assert (found.manufacturer, found.product, found.version, found.serial) == ("ACME��", "a�[31m", None, None)


@pytest.mark.parametrize(
    "text",
    ["To Be Filled By O.E.M.", "Default string", "Not Specified", "System Product Name", "  ", "N/A",
     "0123456789", "00000000", "FFFFFFFF", "...", "None", "UNKNOWN", "\0",
     # netdata, src/daemon/status-file-dmi.c
     "$(DEFAULT_STRING)", "Chassis Manufacture", "Chassis Version", "NA", "No Enclosure", "None Provided",
     "OEM Chassis Manufacturer", "OEM Default string000", "OEM", "OEM_MB", "SYSTEM_MANUFACTURER",
     "SmbiosType1_SystemManufacturer", "SmbiosType2_BoardManufacturer", "Standard", "System UUID", "TBD by OEM", "TBD",
     "Type2 - Board Manufacturer", "Type2 - Board Vendor Name1", "Unknow", "XXXXX", "empty", "x.x", "(null)", "SKU",
     # systemd, hwdb.d/20-dmi-id.hwdb
     "System name", "System Name", "ToBeFilledByO.E.M.", "O.E.M.",
     # dmidecode's output in bug reports: DIMMs of AMI's tables, boards of ASUS, Toshiba and coreboot
     "Manufacturer00", "SerNum0", "AssetTagNum1", "ModulePartNumber00", "A1_Manufacturer0", "Array1_PartNumber1",
     "BSN12345678901234567", "MB-1234567890", "Type2 - Board Product Name1", "Type1ProductConfigId",
     "Type2 - Board Serial Number",
     "Unknown (0)", "<BAD INDEX>", "To be filled by ODM", "0123456789ABCDEF", "No Asset Tag", "Not Settable"],
)  # fmt: skip
def test_placeholders_are_absent(text: str) -> None:
    assert clean(text) is None


@pytest.mark.parametrize(
    "text",
    ["Default Street 1", "00", "1.0", "X", "0", "Nonesuch", "Dell Inc.", "Unknown Worlds",
     "000102", "F00D", "Ltd.", "OEMGROUP", "Type-C Dock", "Type2", "Standard PC (Q35 + ICH9, 2009)", "0.0.0", "x570",
     "Family 17", "Product 12", "System 360", "Module 1", "SN12345679", "DIMM_A1", "Node0_Dimm1", "Named Inc.",
     "BOARD-7", "12345", "Systemax", "Chassis 4U", "P1-DIMMA1_AssetTag (date:18/35)", "<S4>-1", "TBD Systems"],
)  # fmt: skip
def test_similar_strings_are_no_placeholders(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "ends after 0"),
        (structure(1, 1, bytes(4)), "ends after 1"),
        (structure(1, 1, bytes(4)) + b"\x02\x00\x00\x00\0\0", "structure of 0 bytes"),
        (structure(1, 1, bytes(4)) + b"\x02\xff\x00\x00abc\0\0", "truncated"),
        (structure(1, 1, bytes(4)) + b"\x02\x04\x00\x00abc\0", "truncated"),
        (b"\x02\x04\x00\x00\0\0" * 70_000, "more than 65536 structures"),
    ],
)
def test_a_broken_table_keeps_the_structures_before_the_fault_and_reports_it(data: bytes, problem: str) -> None:
    found = parse_tables(data, None)
    assert problem in found.problems[0]
    assert not found.is_complete
    assert len(found.structures) == min(data.count(b"\x04\0\0\0\0\0") + len(found.structures), 65536)


def test_a_counted_table_may_have_an_end_of_table_in_its_middle() -> None:
    data = END + structure(1, 1, bytes([1, 0, 0, 0]), b"ACME")
    found = parse_tables(data, entry_point(data, (2, 8), 2))
    assert found.system is not None
    assert (found.system.manufacturer, found.problems) == ("ACME", ())


def test_installed_memory_leaves_out_flash_and_empty_slots() -> None:
    found = installed_memory(
        tables(
            structure(16, 0x1000, struct.pack("<BBBIHHQ", 3, 3, 6, 0x80000000, 0xFFFE, 4, 128 * GIB)),
            structure(16, 0x1001, struct.pack("<BBBIHHQ", 3, 5, 3, 16 * KIB, 0xFFFE, 1, 0)),
            structure(17, 0x1100, memory_device(8192), *DIMM_TEXTS),
            structure(17, 0x1101, memory_device(0x7FFF, 32768), *DIMM_TEXTS),
            structure(17, 0x1102, memory_device(0), *DIMM_TEXTS),
            structure(17, 0x1103, b"\x01\x10" + memory_device(16)[2:], *DIMM_TEXTS),
        )
    )
    assert (found.installed_bytes, found.maximum_bytes, found.slots) == (40 * GIB, 128 * GIB, 4)
    assert found.error_correction == "Multi-bit ECC"
    assert [dimm.size_bytes for dimm in found.dimms] == [8 * GIB, 32 * GIB]


def test_a_truncated_table_has_no_sums() -> None:
    found = installed_memory(tables(structure(17, 0x1100, memory_device(), *DIMM_TEXTS), end=b""))
    assert found.installed_bytes is None
    assert len(found.dimms) == 1


@pytest.mark.parametrize(("announced", "padding"), [(3, b""), (4, bytes(16)), (9, b"")])
def test_more_announced_structures_than_there_are_lose_nothing(announced: int, padding: bytes) -> None:
    """dmidecode(8): "57 structures announced, only 56 decoded"; with padding, the zeros are no structure."""
    data = structure(16, 0x1000, struct.pack("<BBBIHH", 3, 3, 6, 32 * MIB, 0xFFFE, 4))
    data += structure(17, 0x1100, memory_device(8192), *DIMM_TEXTS) + padding
    found = parse_tables(data, entry_point(data, (2, 8), announced))
    assert (found.is_complete, found.problems) == (True, ())
    memory = installed_memory(found)
    assert (memory.installed_bytes, memory.slots, memory.maximum_bytes) == (8 * GIB, 4, 32 * GIB)


def test_a_table_shorter_than_announced_keeps_its_modules_and_says_which_sums_are_missing(tmp_path: Path) -> None:
    data = structure(1, 0x100, bytes([1, 0, 0, 0]), b"ACME")
    data += b"".join(structure(17, 0x1100 + number, memory_device(8192), *DIMM_TEXTS) for number in range(4))
    files: dict[str, bytes] = {"DMI": data[:-40], "smbios_entry_point": entry_point(data, (2, 8), 5)}
    root = write_tree(tmp_path, {f"sys/firmware/dmi/tables/{name}": content for name, content in files.items()})
    with hostinfo.open(f"sysfs://{root}") as host:
        memory, system = host.memory(), host.system()
    assert len(memory.value.dimms) == 3
    reasons = {problem.path: str(problem.error) for problem in memory.problems if "breaks off" in str(problem.error)}
    assert reasons.keys() == {"installed_bytes", "maximum_bytes", "slots", "dimms"}
    assert system.value.manufacturer == "ACME"
    cut = {problem.path for problem in system.problems if "breaks off" in str(problem.error)}
    assert cut == {"board", "chassis", "bios"}


def test_a_size_of_7fff_before_version_2_7_is_a_size() -> None:
    """A guest on Azure (lshw pull request 60); 27 bytes as in version 2.3."""
    short = [structure(17, number, memory_device(size)[:23], *DIMM_TEXTS) for number, size in enumerate(SIZES)]
    found = installed_memory(tables(*short, version=(2, 3)))
    assert [dimm.size_bytes for dimm in found.dimms] == [size * MIB for size in SIZES]
    assert found.installed_bytes == 64 * GIB


def test_an_unknown_size_is_the_reason_for_a_missing_sum() -> None:
    found = installed_memory(tables(structure(17, 0x1100, memory_device(0xFFFF), *DIMM_TEXTS)))
    assert (found.installed_bytes, found.reasons["installed_bytes"]) == (
        None,
        "the firmware does not know the size of DIMM_A1",
    )


def persistent(technology: int, kind: int, non_volatile: int, volatile: int, size: int = 129408) -> bytes:
    body = bytearray(memory_device(0x7FFF, size, kind=kind))
    body[0x28 - 4] = technology
    struct.pack_into("<QQ", body, 0x34 - 4, non_volatile, volatile)
    return structure(17, 0x1200, bytes(body), *DIMM_TEXTS)


UNKNOWN = (1 << 64) - 1


@pytest.mark.parametrize(
    ("technology", "kind", "volatile", "counted"),
    [
        (7, 0x1F, 0, 0),  # Optane in App Direct mode
        (7, 0x18, 126 * GIB, 126 * GIB),  # Optane in memory mode
        (4, 0x1A, UNKNOWN, 0),  # NVDIMM-N: DDR4 that keeps its contents
        (2, 0x1F, UNKNOWN, 0),  # technology unknown, but a logical non-volatile device
        (3, 0x1A, 0, 129408 * MIB),  # DRAM of firmware that does not fill in the volatile size
    ],
)
def test_persistent_memory_is_not_installed_ram(technology: int, kind: int, volatile: int, counted: int) -> None:
    ram = [structure(17, number, memory_device(16384), *DIMM_TEXTS) for number in range(2)]
    found = installed_memory(tables(*ram, persistent(technology, kind, 126 * GIB, volatile), version=(3, 2)))
    assert found.installed_bytes == 32 * GIB + counted
    assert (found.dimms[2].non_volatile_bytes, found.dimms[2].size_bytes) == (126 * GIB, 129408 * MIB)
    assert (found.dimms[0].technology, found.dimms[0].non_volatile_bytes) == ("DRAM", None)


def test_a_serial_number_of_zeros_is_absent() -> None:
    found = tables(structure(1, 0x100, bytes([1, 1, 1, 1]) + bytes(16), b"0")).system
    assert found is not None
    assert (found.version, found.serial) == ("0", None)


def test_single_entries_replace_a_missing_table(tmp_path: Path) -> None:
    body = memory_device(8192)
    entries = {f"17-{number}": structure(17, 0x1100 + number, body, *DIMM_TEXTS) for number in range(8)}
    entries["1-0"] = structure(1, 0x100, bytes([1, 0, 0, 0]), b"ACME")
    write_tree(tmp_path, {f"sys/firmware/dmi/entries/{name}/raw": raw for name, raw in entries.items()})
    found = read_smbios(Tree(str(tmp_path)))
    assert found is not None
    memory = installed_memory(found)
    assert (len(memory.dimms), memory.installed_bytes) == (8, 64 * GIB)
    assert found.system is not None
    assert (found.system.manufacturer, found.source) == ("ACME", "/sys/firmware/dmi/entries/*/raw")


def test_a_gap_in_the_entries_is_a_table_that_breaks_off(tmp_path: Path) -> None:
    raw = structure(17, 0x1100, memory_device(8192), *DIMM_TEXTS)
    write_tree(tmp_path, {f"sys/firmware/dmi/entries/17-{number}/raw": raw for number in (0, 2)})
    found = read_smbios(Tree(str(tmp_path)))
    assert found is not None
    assert installed_memory(found).reasons["installed_bytes"] == "the table breaks off: no entry 17-1"


def test_an_unreadable_table_is_an_error_and_a_missing_one_is_none(tmp_path: Path) -> None:
    assert read_smbios(Tree(str(tmp_path))) is None
    (tmp_path / "sys/firmware/dmi/tables").mkdir(parents=True)
    (tmp_path / "sys/firmware/dmi/tables/DMI").write_bytes(END)
    denied = Tree(str(tmp_path), errors={"sys/firmware/dmi/tables/DMI": 13})
    with pytest.raises(ReadError, match="Permission denied"):
        read_smbios(denied)
    assert read_smbios(Tree(str(tmp_path))) is not None


def decode_everything(found: Tables) -> None:
    for name in ("firmware", "system", "board", "chassis", "processors", "caches", "memory_arrays", "memory_devices"):
        getattr(found, name)
    installed_memory(found)


@given(st.binary(max_size=4096), st.none() | st.binary(max_size=64))
def test_any_bytes_give_tables(data: bytes, entry: bytes | None) -> None:
    decode_everything(parse_tables(data, entry))


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, 2, 3, 4, 7, 16, 17]), st.binary(max_size=120), st.lists(st.binary(max_size=9)))
    ),
    st.sampled_from([(2, 0), (2, 3), (2, 6), (3, 0), (3, 7)]),
)
def test_any_structures_give_tables(structures: list[tuple[int, bytes, list[bytes]]], version: tuple[int, int]) -> None:
    parts = [structure(kind, number, body, *texts) for number, (kind, body, texts) in enumerate(structures)]
    decode_everything(tables(*parts, version=version))
