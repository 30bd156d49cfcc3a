"""Small trees of files that tests write from published facts."""

import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

DMI = {
    "sys_vendor": "Dell Inc.",
    "product_name": "PowerEdge R740",
    "product_version": "  ",
    "product_serial": "ABC1234",
    "product_sku": "SKU=NotProvided;ModelName=PowerEdge R740",
    "product_family": "To Be Filled By O.E.M.",
    "product_uuid": "4C4C4544-0042-4A10-8031-B4C04F4D3332",
    "board_vendor": "Dell Inc.",
    "board_name": "0923K0",
    "board_version": "A05",
    "board_serial": ".ABC1234.CNFCP0098500AB.",
    "chassis_type": "23",
    "chassis_vendor": "Dell Inc.",
    "chassis_serial": "ABC1234",
    "bios_vendor": "Dell Inc.",
    "bios_version": "2.12.2",
    "bios_date": "07/09/2021",
}
"""Files of /sys/class/dmi/id of a Dell PowerEdge R740."""
_EVIDENCE = ("/proc/", "dmi/id", "/sys/kernel/cpu_byteorder", "/cpu/online", "/cpu/modalias", "/sys/hypervisor")


def write_tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write these files under the root; a name that ends in a slash is an empty directory."""
    for name, content in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def write_dmi(root: Path) -> Path:
    """Write the files of DMI under the root."""
    return write_tree(root, {"proc/": "", **{f"sys/class/dmi/id/{name}": f"{text}\n" for name, text in DMI.items()}})


def unpack_evidence(collection_and_name: str, into: Path) -> Path:
    """Unpack a third-party machine without its thousands of topology files; return the folder of its /proc."""
    folders = map(Path, os.environ["HOSTINFO_CORPORA"].split(":"))
    archive = next(path for folder in folders for path in folder.glob(f"{collection_and_name}.tar.*"))
    with tarfile.open(archive) as opened:
        chosen = [
            member
            for member in opened
            if member.isfile() and any(part in member.name for part in _EVIDENCE) and "/cpus/" not in member.name
        ]
        opened.extractall(into, members=chosen, filter="data")
    return next(path.parent for path in sorted(into.rglob("proc")) if path.is_dir())
