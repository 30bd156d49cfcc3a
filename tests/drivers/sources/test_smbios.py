"""Raw SMBIOS tables against dmidecode(8), which reads a dump of the same bytes, and against DSP0134's layouts."""

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.drivers.sources.smbios import Tables, parse_tables, read_smbios
from hostinfo.drivers.sources.smbios.identity import parse_chassis
from hostinfo.drivers.sources.smbios.installed import installed_memory
from hostinfo.drivers.sources.smbios.processor import split_signature
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

DMIDECODE = shutil.which("dmidecode", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def tables(*structures: bytes, version: tuple[int, int] = (3, 4), end: bytes = END) -> Tables:
    data = b"".join(structures) + end
    return parse_tables(data, entry_point(data, version, None))


def dmidecode(path: Path, data: bytes, entry: bytes, kind: int) -> list[dict[str, str]]:
    """What dmidecode says of each structure of a type in these bytes."""
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


def word(text: str | None) -> str:
    """dmidecode shortens some of the specification's words, and has two for what is absent here."""
    return "".join(character for character in (text or "").lower() if character.isalnum())


NOT_A_WORD = ("Other", "Unknown", "Reserved", "<OUT OF SPEC>")


@needs_dmidecode
def test_chassis_types_are_dmidecodes_words(tmp_path: Path) -> None:
    bodies = [bytes([1, code | 0x80, 0, 0, 0, 3, 3, 3, 3]) for code in range(0x26)]
    data = b"".join(structure(3, code, body, b"Maker") for code, body in enumerate(bodies)) + END
    entry = entry_point(data, (3, 4), None)
    theirs = [found["Type"] for found in dmidecode(tmp_path / "dump", data, entry, 3)]
    ours = [parse_chassis(each).type for each in parse_tables(data, entry).of_type(3)]
    for told, said in zip(ours, theirs, strict=True):
        if said in NOT_A_WORD:
            assert told is None
        else:  # DSP0134 7.4.1 has "Blade Enclosure" for the one where dmidecode differs
            assert word(told).removesuffix("chassis") == word(said).removesuffix("chassis").replace("sing", "sure")


@needs_dmidecode
def test_memory_types_and_form_factors_are_dmidecodes_words(tmp_path: Path) -> None:
    bodies = [memory_device(kind=code, form=code) for code in range(0x28)]
    data = b"".join(structure(17, code, body, *DIMM_TEXTS) for code, body in enumerate(bodies)) + END
    entry = entry_point(data, (3, 4), None)
    newer = {"Type": {0x24: "HBM3"}, "Form Factor": {0x11: "CAMM"}}  # words that came after the dmidecode at hand
    both = zip(parse_tables(data, entry).memory_devices, dmidecode(tmp_path / "dump", data, entry, 17), strict=True)
    for code, (ours, theirs) in enumerate(both):
        for name, told in (("Type", ours.type), ("Form Factor", ours.form_factor)):
            if theirs[name] in NOT_A_WORD:
                assert told == newer[name].get(code)
            else:
                assert word(told) == word(theirs[name])


@needs_dmidecode
def test_error_correction_is_dmidecodes_word(tmp_path: Path) -> None:
    bodies = [struct.pack("<BBBIHHQ", 3, 3, code, 64 * MIB, 0xFFFE, 4, 0) for code in range(9)]
    data = b"".join(structure(16, code, body) for code, body in enumerate(bodies)) + END
    entry = entry_point(data, (3, 4), None)
    both = zip(parse_tables(data, entry).memory_arrays, dmidecode(tmp_path / "dump", data, entry, 16), strict=True)
    for ours, theirs in both:
        said = theirs["Error Correction Type"]
        assert ours.error_correction == (None if said in NOT_A_WORD else said)
        assert ours.maximum_bytes == 64 * GIB


@needs_dmidecode
def test_sizes_of_modules_are_dmidecodes(tmp_path: Path) -> None:
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
def test_a_module_is_told_as_dmidecode_tells_it(tmp_path: Path) -> None:
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
def test_a_processor_is_told_as_dmidecode_tells_it(tmp_path: Path, version: tuple[int, int], count: int | None) -> None:
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


def test_an_entry_point_with_a_wrong_checksum_is_named_and_not_believed() -> None:
    entry = bytearray(entry_point(END, (3, 4), None))
    entry[7] ^= 1
    found = parse_tables(END, bytes(entry))
    assert found.version is None
    assert "checksum" in found.problems[0]


def test_core_counts_of_a_version_that_has_none_are_not_read() -> None:
    """A table of 2.3 whose structure is longer than its version allows: what stands there is anything."""
    assert tables(structure(4, 0x400, processor(67, 3), *CPU_TEXTS), version=(2, 3)).processors[0].cores is None


def test_counts_that_contradict_one_another_are_absent() -> None:
    found = tables(structure(4, 0x400, processor(cores=67, threads=8), *CPU_TEXTS)).processors[0]
    assert (found.cores, found.cores_enabled, found.threads) == (None, None, None)


def test_more_than_254_cores_stand_in_the_wide_counts() -> None:
    body = processor(cores=0xFF, threads=0xFF, wide=(288, 280, 560))
    found = tables(structure(4, 0x400, body, *CPU_TEXTS)).processors[0]
    assert (found.cores, found.cores_enabled, found.threads) == (288, 280, 560)


def test_an_empty_socket_is_no_processor_and_a_coprocessor_no_socket() -> None:
    found = tables(
        structure(4, 0x400, processor(status=0x00), *CPU_TEXTS), structure(4, 0x401, processor(kind=4), *CPU_TEXTS)
    )
    assert [info.is_populated for info in found.processors] == [False]


@pytest.mark.parametrize("family", [0x101, 0x118, 0x201, 0x20, 0x82, 0xCC])
def test_the_id_of_another_architecture_is_no_cpuid_signature(family: int) -> None:
    body = bytearray(processor(family=min(family, 0xFE)))
    struct.pack_into("<H", body, 0x28 - 4, family)
    assert tables(structure(4, 0x400, bytes(body), *CPU_TEXTS)).processors[0].signature is None


@needs_dmidecode
@pytest.mark.parametrize(("size", "size_2"), [(512, 0), (0x8200, 0), (0xFFFF, 0x80001000), (0x7FFF, 40 * 1024)])
def test_cache_sizes_are_dmidecodes(tmp_path: Path, size: int, size_2: int) -> None:
    body = struct.pack("<BHHHHHBBBBII", 1, 0x181, size, size, 0x20, 0x20, 0, 5, 5, 8, size_2, size_2)
    data = structure(7, 0x700, body, b"L2") + END
    # the older form where there is no second size: dmidecode takes that one alone
    if not size_2:
        data = structure(7, 0x700, body[:-8], b"L2") + END
    entry = entry_point(data, (3, 4), None)
    theirs = dmidecode(tmp_path / "dump", data, entry, 7)[0]
    ours = parse_tables(data, entry).caches[0]
    number, unit = theirs["Installed Size"].split()
    assert ours.size_bytes == int(number) * {"kB": KIB, "MB": MIB, "GB": GIB}[unit]
    assert (ours.type, f"{ours.ways}-way Set-associative") == (theirs["System Type"], theirs["Associativity"])
    assert (ours.level, ours.is_enabled) == (2, True)


def test_bad_bytes_in_a_text_survive_as_replacement_characters() -> None:
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
def test_what_only_looks_like_a_placeholder_stays(text: str) -> None:
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
def test_a_broken_table_keeps_what_came_before_and_says_what_is_wrong(data: bytes, problem: str) -> None:
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


def test_a_table_that_breaks_off_has_no_sums() -> None:
    found = installed_memory(tables(structure(17, 0x1100, memory_device(), *DIMM_TEXTS), end=b""))
    assert found.installed_bytes is None
    assert len(found.dimms) == 1


def test_a_table_that_may_not_be_read_is_an_error_and_a_missing_one_is_none(tmp_path: Path) -> None:
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
