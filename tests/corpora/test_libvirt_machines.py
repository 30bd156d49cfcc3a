"""The host CPUs of libvirt's virhostcpudata, against the figures that its tests expect of virHostCPUGetInfo()."""

import re
from pathlib import Path

import pytest

import hostinfo

from .comparison import compare
from .exceptions import LIBVIRT
from .grouping import assert_groups_agree
from .machines import files_of, members, unpack_member

_ARCHIVE = "virhostcpudata"
_LINE = re.compile(r"(\S+): CPUs: (\d+)/\d+, MHz: (\d+), Nodes: (\d+), Sockets: (\d+), Cores: (\d+), Threads: (\d+)")
_MISSING = pytest.param("", marks=pytest.mark.skip("no third-party machines in HOSTINFO_CORPORA/libvirt"))


def expectations() -> dict[str, dict[str, object]]:
    """Return the published values by machine; libvirt counts sockets per node, and cores per socket."""
    text = next((path.read_text() for path in files_of("libvirt") if path.name == "expected.txt"), "")
    found: dict[str, dict[str, object]] = {}
    for name, *figures in _LINE.findall(text):
        cpus, megahertz, nodes, sockets, cores, threads = map(int, figures)
        found[name] = {
            "threads": cpus,
            "nodes": nodes,
            "sockets": nodes * sockets,
            "cores": nodes * sockets * cores,
            "threads_per_core": threads,
            "megahertz": megahertz,
        }
    return found


@pytest.mark.parametrize("name", members("libvirt", _ARCHIVE) or [_MISSING])
def test_machines_have_the_figures_that_libvirt_publishes(name: str, unpack_dir: Path) -> None:
    root = unpack_member("libvirt", _ARCHIVE, name, unpack_dir)
    with hostinfo.open(f"sysfs://{root}") as host:
        cpu, numa = host.cpu().value, host.numa().value
    assert_groups_agree(cpu)
    first = next(processor for processor in cpu.processors if processor.is_online)
    found: dict[str, object] = {
        "threads": cpu.threads,
        "nodes": len(numa.nodes) or 1,  # libvirt counts one where there is no NUMA
        "sockets": cpu.sockets,
        "cores": cpu.cores,
        "threads_per_core": cpu.threads_per_core,
        "megahertz": (first.frequency_hz or 0) // 1_000_000,
    }
    compare(name, found, expectations()[name], LIBVIRT.get(name, {}))
