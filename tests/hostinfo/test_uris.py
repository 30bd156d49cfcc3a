"""URIs that name no host are refused when the host is opened."""

import subprocess
import sys
from pathlib import Path

import pytest

import hostinfo
from tests.support import command


@pytest.mark.parametrize("uri", ["sysfs://", "sysfs:", "sysfs://etc", "sysfs:/"])
def test_a_sysfs_uri_without_a_root_does_not_read_this_machine(uri: str) -> None:
    with pytest.raises(hostinfo.Unavailable, match="write sysfs:///"):
        hostinfo.open(uri)


def test_the_command_line_prints_one_line_and_fails() -> None:
    command = [sys.executable, "-m", "hostinfo", "-c", "sysfs://", "dump"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == ("hostinfo: sysfs://: write sysfs:/// for this machine, or sysfs:///DIR for another root\n")


@pytest.mark.parametrize("uri", ["", "sysfs:///nonexistent", "sysfs:///etc", "recorded:", "recorded:/nonexistent"])
@pytest.mark.parametrize("arguments", [["dump"], ["dump", "--json"], ["dump", "cpu.threads"], ["support"], ["watch"]])
def test_a_uri_that_names_no_host_is_one_line_and_status_1(uri: str, arguments: list[str], tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "-c", uri, *arguments)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.count("\n") == 1


@pytest.mark.skipif(Path("/sys/hypervisor/type").exists(), reason="this machine runs on Xen")
@pytest.mark.parametrize("arguments", [["dump"], ["dump", "--json"], ["dump", "cpu.threads"], ["support"], ["watch"]])
def test_xen_is_refused_on_a_machine_without_xen(arguments: list[str], tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "-c", "xen:///system", *arguments)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.endswith("xen:///system: this machine does not run on Xen\n")
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "uri", ["qemu:///system", "qemu+ssh://host.invalid/system", "xen+ssh://host.invalid/system", "test:///default"]
)
def test_without_libvirts_binding_no_other_source_is_read(uri: str) -> None:
    program = (
        "import sys; sys.modules['libvirt'] = None\n"
        "from importlib.machinery import PathFinder\n"
        "find = PathFinder.find_spec\n"
        "def hide(name, *more): return None if name.startswith('libvirt') else find(name, *more)\n"
        "sys.modules.pop('libvirt'); PathFinder.find_spec = hide\n"
        f"{command.ENTRY}"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "-c", uri, "dump"],
        capture_output=True,
        text=True,
        check=False,
        cwd=command.ROOT,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (
        f"hostinfo: {uri}: it needs libvirt's Python binding; install hostinfo[libvirt] or python3-libvirt\n"
    )


def test_a_host_that_cannot_be_reached_is_reported_once(tmp_path: Path) -> None:
    uri = f"qemu+unix:///system?socket={tmp_path}/none"
    ran = command.hostinfo(tmp_path, "-c", uri, "dump")
    assert (ran.returncode, ran.stdout) == (1, "")
    reason, advice = ran.stderr.splitlines()
    assert reason.startswith(f"hostinfo: {uri}: Failed to connect socket")
    assert advice == f"hostinfo: `virsh -c {uri} version` tests the connection to that host"
    ran = command.hostinfo(tmp_path, "-c", uri, "dump", "cpu.threads", "memory.total_bytes")
    assert (ran.returncode, ran.stderr.count("Failed to connect socket")) == (1, 1)


def test_a_binding_that_does_not_load_is_the_reason_for_an_explicit_uri(tmp_path: Path) -> None:
    (tmp_path / "libvirt.py").write_text("raise ImportError('libvirt.so.0: cannot open shared object file')\n")
    ran = command.hostinfo(tmp_path, "-c", "qemu:///system", "dump", PYTHONPATH=str(tmp_path))
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (
        "hostinfo: qemu:///system: libvirt's Python binding does not load: libvirt.so.0: cannot open shared object "
        "file; install hostinfo[libvirt] or python3-libvirt\n"
    )


def test_an_empty_uri_is_refused_with_what_to_write(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "-c", "", "dump")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("hostinfo: URI: it is empty; leave it out for this machine, or use ")
