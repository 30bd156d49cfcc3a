"""The system group as a whole: this machine, requested fields, broken trees."""

import errno
import os
import platform
import socket
import struct
from pathlib import Path

import pytest

import hostinfo
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs import system
from tests.support.trees import DMI, write_dmi, write_tree


def test_one_field_reads_one_file(tmp_path: Path) -> None:
    """Every other file would fail the read, if it were opened."""
    root = write_dmi(tmp_path)
    tree = Tree(str(root), errors={f"sys/class/dmi/id/{name}": errno.EIO for name in DMI if name != "product_name"})
    result = system.read(Sources(tree=tree), frozenset({"product"}))
    assert (result.value.product, result.problems) == ("PowerEdge R740", ())


def test_this_machine_is_reported_as_by_the_c_library() -> None:
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
        result = host.system()
    assert result.value.hardware_uuid is None
    assert all(problem.error.source for problem in result.problems)
