"""Recordings and dumps from others: whatever is in them costs under 200 MiB and ends in one clear message."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import command

MEMORY_KIB = 200 << 10
CPU_SECONDS = 5.0
"""Far above what is needed, two seconds, because other tests run at the same time."""
MANIFEST = 'format = 1\nrecorded = 2026-11-22T14:54:25Z\nclock = 1795359265.0\nscrubbed = false\ndrivers = ["sysfs"]\n'
LIBVIRT = MANIFEST.replace("sysfs", "libvirt-kvm")


def recording(folder: Path, files: dict[str, bytes], manifest: str = MANIFEST) -> str:
    for name, content in {"root/proc/meminfo": b"MemTotal: 8000 kB\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "machine.toml").write_text(manifest)
    return f"recorded:{folder}"


def sparse(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(10 << 30)


def one_file(name: str, content: Callable[[], bytes], manifest: str = MANIFEST) -> Callable[[Path], str]:
    return lambda folder: recording(folder, {name: content()}, manifest)


def of_manifest(text: str) -> Callable[[Path], str]:
    return lambda folder: recording(folder, {}, MANIFEST + text)


def with_sparse(folder: Path) -> str:
    uri = recording(folder, {})
    sparse(folder / "root/proc/cpuinfo")
    return uri


def links(count: int) -> bytes:
    """Return RTM_NEWLINK messages that have an index and a name, and the end of a dump."""
    found = []
    for number in range(1, count + 1):
        name = f"e{number}".encode() + b"\0"
        attribute = struct.pack("=HH", 4 + len(name), 3) + name + bytes(-len(name) % 4)
        body = struct.pack("=BxHiII", 0, 1, number, 0, 0) + attribute
        found.append(struct.pack("=IHHII", 16 + len(body), 16, 2, 1, 1) + body)
    return b"".join(found) + struct.pack("=IHHIIi", 20, 3, 2, 1, 1, 0)


def counters(count: int) -> bytes:
    """Return RTM_NEWLINK messages with a name and struct rtnl_link_stats64, and the end of a dump."""
    found = []
    for number in range(1, count + 1):
        body = (
            struct.pack("=BxHiII", 0, 1, number, 0, 0) + struct.pack("=HH4s", 8, 3, b"e\0") + struct.pack("=HH", 76, 23)
        )
        found.append(struct.pack("=IHHII", 16 + len(body) + 72, 16, 2, 1, 1) + body + bytes(72))
    return b"".join(found) + struct.pack("=IHHIIi", 20, 3, 2, 1, 1, 0)


def addresses(count: int) -> bytes:
    """Return RTM_NEWADDR messages of the link lo, which the recording has, and the end of a dump."""
    found = []
    for number in range(count):
        body = struct.pack("=BBBBI", 2, 24, 0, 0, 1) + struct.pack("=HH", 8, 1) + struct.pack(">I", number)
        found.append(struct.pack("=IHHII", 16 + len(body), 20, 2, 1, 1) + body)
    return b"".join(found) + struct.pack("=IHHIIi", 20, 3, 2, 1, 1, 0)


def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(10))
    return f'<!DOCTYPE c [<!ENTITY e0 "lol">{entities}]><capabilities>&e10;</capabilities>'.encode()


def capabilities(content: Callable[[], bytes]) -> Callable[[Path], str]:
    replies = {"libvirt/uri": b"qemu+ssh://node/system\n", "libvirt/type.json": b'"QEMU"'}
    return lambda folder: recording(folder, {**replies, "libvirt/capabilities.xml": content()}, LIBVIRT)


def long_number(folder: Path) -> str:
    return recording(folder, {"libvirt/uri": b"qemu+ssh://node/system\n", "libvirt/type.json": b"9" * 400}, LIBVIRT)


HOSTILE: dict[str, tuple[Callable[[Path], str], str]] = {
    "a dotted key of 20,000 parts": (of_manifest("x" + ".x" * 20_000 + " = 1\n"), "more than 32 parts"),
    "a number of 8 MB": (of_manifest("n = " + "9" * 8_000_000 + "\n"), "longer than 65536 characters"),
    "arrays in arrays": (of_manifest("n = " + "[" * 30_000 + "\n"), "machine.toml"),
    "3,000,000 names": (
        one_file("names.txt", lambda: b"sys/class/net/ " + b" ".join(b"n%d" % n for n in range(3_000_000))),
        "names.txt: longer than",
    ),
    "a path of 200,000 parts": (
        lambda folder: recording(
            folder,
            {
                "root/proc/self/cgroup": b"0::/\n",
                "root/proc/self/mountinfo": b"30 23 0:26 / " + b"/a" * 200_000 + b" rw - cgroup2 cgroup2 rw\n",
            },
        ),
        "File name too long",
    ),
    "a file of 10 GB": (with_sparse, "/proc/cpuinfo: longer than"),
    "a billion laughs": (capabilities(billion_laughs), "document type"),
    "millions of elements": (
        capabilities(lambda: b"<capabilities>" + b"<a/>" * 3_000_000 + b"</capabilities>"),
        "tags",
    ),
    "a number of 400 digits": (long_number, "type.json: not JSON: a number of more than"),
    "100,000 counters": (one_file("netlink/counters.bin", lambda: counters(100_000)), "more than 65536 links"),
    "300,000 addresses": (
        lambda folder: recording(folder, {"netlink/addresses.bin": addresses(300_000), "netlink/links.bin": links(1)}),
        "more than 262144 addresses",
    ),
    "100,000 links": (one_file("netlink/links.bin", lambda: links(100_000)), "more than 65536 links"),
}


SPAWN = """
import os, sys
process = os.posix_spawn(sys.executable, [sys.executable, "-m", "hostinfo", *sys.argv[1:]], os.environ)
_, status, usage = os.wait4(process, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""
"""Executed by a Python without modules: a process inherits the peak memory of the process that started it."""


def run(*words: str) -> tuple[int, str, float, int]:
    """Return the exit code, all output, CPU seconds and peak memory in KiB of a command."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", SPAWN, *words],
        cwd=command.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    output, _, usage = done.stdout.rstrip().rpartition("\n")
    status, cpu_seconds, peak_kib = usage.split()
    return int(status), output, float(cpu_seconds), int(peak_kib)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_recording_ends_in_one_message_within_bounds(name: str, tmp_path: Path) -> None:
    build, message = HOSTILE[name]
    status, errors, cpu_seconds, peak_kib = run("-c", build(tmp_path / "recording"), "dump")
    assert status in (1, 3), errors
    assert message in " ".join(errors.split())
    assert "Traceback" not in errors
    assert "fault in the driver" not in errors
    assert (cpu_seconds < CPU_SECONDS, peak_kib < MEMORY_KIB) == (True, True), (cpu_seconds, peak_kib)


HEADER = '{"hostinfo": {"format": 1}, "x": '
DUMPS: dict[str, tuple[str, str]] = {
    "deep": (HEADER + '{"a":' * 980 + "1" + "}" * 980 + "}", "nested deeper than 64"),
    "deeper": (HEADER + "[" * 100_000, "nested too deep"),
    "millions of lists": (HEADER + "[" + "[]," * 3_000_000 + "[]]}", "lists and maps"),
}


@pytest.mark.parametrize("name", [*DUMPS, "10 GB"])
def test_a_hostile_dump_is_refused_within_bounds(name: str, tmp_path: Path) -> None:
    path, other = tmp_path / "dump.json", tmp_path / "other.json"
    other.write_text('{"hostinfo": {"format": 1}}')
    if name == "10 GB":
        sparse(path)
    else:
        path.write_text(DUMPS[name][0])
    status, errors, cpu_seconds, peak_kib = run("diff", str(path), str(other))
    assert (status, errors.count("\n")) == (3, 0)
    assert str(path) in errors
    assert DUMPS.get(name, ("", "longer than"))[1] in errors
    assert (cpu_seconds < CPU_SECONDS, peak_kib < MEMORY_KIB) == (True, True), (cpu_seconds, peak_kib)


def test_links_of_one_name_are_compared_in_linear_time(tmp_path: Path) -> None:
    def dump(mtu: int) -> str:
        links = ",".join(f'{{"name": "eth0", "mtu": {mtu}}}' for _ in range(20_000))
        return f'{{"hostinfo": {{"format": 1}}, "network": {{"links": [{links}]}}}}'

    paths = []
    for mtu in (1500, 9000):
        paths.append(tmp_path / f"{mtu}.json")
        paths[-1].write_text(dump(mtu))
    status, output, cpu_seconds, _ = run("diff", *map(str, paths))
    assert (status, output.count("\n")) == (1, 19_999)
    assert cpu_seconds < CPU_SECONDS
