"""SMBIOS tables against the layouts of DSP0134, and tables that are broken."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    entry_point,
    memory_device,
    processor,
    structure,
)


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
     "0123456789", "00000000", "FFFFFFFF", "...", "None", "UNKNOWN", "\0"],
)  # fmt: skip
def test_placeholders_are_absent(text: str) -> None:
    assert clean(text) is None


@pytest.mark.parametrize(
    "text",
    ["Default Street 1", "00", "1.0", "X", "0", "Nonesuch", "Dell Inc.", "Unknown Worlds",
     "000102", "F00D", "Ltd."],
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
