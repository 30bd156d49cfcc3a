"""For any file content, the CPU and memory parsers return a value or raise HostInfoError, in bounded time."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hostinfo
from hostinfo.drivers.sources import cpulist, meminfo
from hostinfo.drivers.sysfs import memory, numa
from hostinfo.drivers.sysfs.processor import caches, cpu_identity, cpuinfo
from hostinfo.errors import HostInfoError

CPU, NODE = "sys/devices/system/cpu", "sys/devices/system/node"
KEYS = (
    "processor", "cpu number", "vendor_id", "model name", "cpu family", "model", "flags", "Features", "isa", "mmu",
    "physical id", "core id", "cpu cores", "cpu MHz", "clock", "cache size", "CPU implementer", "CPU part", "revision",
    "CPU variant", "CPU revision", "CPU architecture", "address sizes", "processor 3", "machine", "cache0", "hart",
    "mvendorid", "marchid", "cycle frequency [Hz]", "cpus detected", "CPU7", "Cpu7ClkTck", "family", "bugs",
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=40),
    st.integers(-(1 << 70), 1 << 70).map(str),
    st.integers(0, 1 << 70).map(hex),
    st.sampled_from(
        ["IBM/S390", "level=1 type=Data scope=Private size=128K", "sv39", "nan", "inf", "online", "1e400", ""]
    ),
)
CPUINFO = st.lists(st.tuples(st.sampled_from([*KEYS, ""]), VALUES)).map(
    lambda lines: "\n".join(f"{key}\t: {value}" if key else "" for key, value in lines)
)
LISTS = st.one_of(st.text("0123456789-, \n", max_size=60), st.text(max_size=60))


@given(st.one_of(st.text(), CPUINFO))
def test_any_cpuinfo_gives_identities_or_an_error(text: str) -> None:
    try:
        info = cpuinfo.parse_cpuinfo(text)
    except HostInfoError:
        return
    identities = cpu_identity.CpuIdentities(info)
    for number in [None, *info.records]:
        identity = identities.of(number)
        assert all(
            value is None or 0 <= value < 1 << 64 for value in (identity.family, identity.model, identity.stepping)
        )
        cpu_identity.address_bits(info, number)
        if number is not None:
            hertz = cpu_identity.frequency_hz(info, number)
            assert hertz is None or 0 < hertz < 1 << 64
            cpu_identity.cache_bytes(info, number)
    caches.add_s390(caches.Caches(), info, [1, 2])


def outcome(parse: Callable[[str, str], int], text: str) -> int | HostInfoError:
    try:
        return parse(text, "somewhere")
    except HostInfoError as error:
        return error


@given(LISTS)
def test_any_list_of_cpus_is_bounded(text: str) -> None:
    found = outcome(cpulist.parse_list, text)
    if isinstance(found, HostInfoError):
        assert str(found).startswith("somewhere: ")
    else:
        assert len(cpulist.members(found)) <= cpulist.LIMIT


@given(st.sets(st.integers(0, cpulist.LIMIT - 1), max_size=50))
def test_a_set_formatted_as_list_or_mask_is_parsed_back(cpus: set[int]) -> None:
    mask = sum(1 << cpu for cpu in cpus)
    words = f"{mask:x}".zfill(8 * -(-max(1, mask.bit_length()) // 32))
    grouped = ",".join(words[place : place + 8] for place in range(0, len(words), 8))
    assert cpulist.parse_map(grouped + "\n", "map") == mask
    assert cpulist.parse_list(",".join(map(str, sorted(cpus))), "list") == mask
    assert cpulist.members(mask) == tuple(sorted(cpus))


@given(st.one_of(st.text("0123456789abcdefx,_ \n", max_size=80), st.text(max_size=40)))
def test_any_mask_of_cpus_is_bounded(text: str) -> None:
    found = outcome(cpulist.parse_map, text)
    if isinstance(found, HostInfoError):
        assert str(found).startswith("somewhere: ")
    else:
        assert 0 <= found.bit_length() <= cpulist.LIMIT


@pytest.mark.parametrize(
    "text", ["0-4294967295", "0-65536", ",".join(["0-65535"] * 9000), "9" * 4000, "5-1", "0--1", "٣"]
)
def test_impossible_lists_are_rejected_quickly(text: str) -> None:
    start = time.process_time()
    if text == "٣":
        assert cpulist.parse_list(text, "list") == 1 << 3
    else:
        with pytest.raises(HostInfoError):
            cpulist.parse_list(text, "list")
    assert time.process_time() - start < 0.5


@given(st.text(max_size=200))
def test_any_meminfo_gives_amounts(text: str) -> None:
    assert all(amount >= 0 for amount in meminfo.parse_meminfo(text).values())
    assert all(distance >= 0 for distance in numa.parse_distances(text))
    assert (caches.parse_size(text) or 1) > 0


@given(st.binary(max_size=400))
def test_any_auxiliary_vector_gives_a_page_size_or_none(auxv: bytes) -> None:
    size = memory.parse_page_size(auxv)
    assert size is None or (4096 <= size <= 1 << 20 and size & (size - 1) == 0)


FILES = (
    "proc/cpuinfo", "proc/meminfo", f"{CPU}/online", f"{CPU}/present", f"{CPU}/cpu0/topology/core_id",
    f"{CPU}/cpu0/topology/physical_package_id", f"{CPU}/cpu0/topology/core_siblings",
    f"{CPU}/cpu0/topology/thread_siblings", f"{CPU}/cpu1/topology/core_id",
    f"{CPU}/cpu1/topology/thread_siblings_list", f"{CPU}/cpu0/cache/index0/level", f"{CPU}/cpu0/cache/index0/type",
    f"{CPU}/cpu0/cache/index0/size", f"{CPU}/cpu0/cache/index0/shared_cpu_map",
    f"{CPU}/cpufreq/policy0/cpuinfo_max_freq", f"{CPU}/cpufreq/policy0/scaling_cur_freq",
    f"{CPU}/cpufreq/policy0/affected_cpus", f"{CPU}/cpu0/cpu_capacity", "sys/devices/cpu_core/cpus", f"{NODE}/online",
    f"{NODE}/node0/cpulist", f"{NODE}/node0/cpumap", f"{NODE}/node0/meminfo", f"{NODE}/node0/distance",
    "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "proc/self/auxv", "proc/self/mountinfo",
)  # fmt: skip
CONTENT = st.one_of(
    st.binary(max_size=40),
    CPUINFO.map(str.encode),
    LISTS.map(str.encode),
    st.sampled_from([b"0-1\n", b"0\n", b"1\n", b"-1\n", b"65535\n", b"3\n", b"Data\n", b"32K\n", b""]),
)


def read_all(root: Path) -> None:
    messages = []
    with hostinfo.open(f"sysfs://{root}") as host:
        for read_group in (host.cpu, host.numa, host.memory):
            try:
                read_group()
            except HostInfoError as error:
                messages.append(str(error))
    assert not [message for message in messages if "internal error" in message]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(FILES), CONTENT))
def test_any_tree_gives_facts_or_an_error(files: dict[str, bytes]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "proc").mkdir()
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        read_all(root)


@pytest.mark.parametrize("how", ["empty", "directory", "huge", "garbled", "loop"])
def test_a_tree_of_invalid_files_is_read_in_bounded_time(tmp_path: Path, how: str) -> None:
    for path in FILES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        if how == "directory":
            (tmp_path / path).mkdir()
        elif how == "loop":
            (tmp_path / path).symlink_to(tmp_path / path)
        else:
            content = {"empty": b"", "huge": b"", "garbled": os.urandom(4000)}[how]
            (tmp_path / path).write_bytes(content)
            if how == "huge":
                os.truncate(tmp_path / path, 100_000_000)
    start = time.process_time()
    read_all(tmp_path)
    assert time.process_time() - start < 5


def test_hundreds_of_processors_with_contradicting_sets_are_read_in_bounded_time(tmp_path: Path) -> None:
    count = 300
    (tmp_path / CPU).mkdir(parents=True)
    (tmp_path / CPU / "online").write_text(f"0-{count - 1},60000-65535\n")
    for number in range(count):
        folder = tmp_path / CPU / f"cpu{number}/topology"
        folder.mkdir(parents=True)
        (folder / "physical_package_id").write_text(f"{number % 3}\n")
        (folder / "core_id").write_text("1\n")
        (folder / "core_siblings_list").write_text(f"{number},{(number + 1) % count},60000-65535\n")
        (folder / "thread_siblings_list").write_text(f"{number}-65535\n")
    start = time.process_time()
    read_all(tmp_path)
    assert time.process_time() - start < 20
