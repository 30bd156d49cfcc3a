"""The hypervisor group as a whole: version, unreadable files."""

from pathlib import Path

import hostinfo
from hostinfo.model.hypervisor import Hypervisor
from tests.support.trees import write_tree

DMI = "sys/class/dmi/id/"


def hypervisor(root: Path) -> Hypervisor:
    with hostinfo.open(f"sysfs://{root}") as host:
        return host.hypervisor().value


def test_the_version_of_xen_has_its_patch_level(tmp_path: Path) -> None:
    files = {
        "type": "xen",
        "properties/features": "000228f0",
        "version/major": "4",
        "version/minor": "17",
        "version/extra": ".7",
    }
    found = hypervisor(write_tree(tmp_path, {f"sys/hypervisor/{name}": text + "\n" for name, text in files.items()}))
    assert (found.type, found.version) == ("xen", "4.17.7")


def test_unreadable_files_are_no_evidence(tmp_path: Path) -> None:
    for path in ("proc/cpuinfo", "sys/hypervisor/type", "proc/xen/capabilities", DMI + "sys_vendor", "proc/1/environ"):
        (tmp_path / path).mkdir(parents=True)  # EISDIR
    found = hypervisor(tmp_path)
    assert (found.role, found.container) == (None, None)
