"""Trees of files for tests of drivers: written from published values, or unpacked from third-party recordings."""

import os
import tarfile
from collections.abc import Mapping
from pathlib import Path


def write_tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write these files below the root and return it; a name that ends in a slash is an empty folder."""
    for name, content in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def unpack_evidence(collection_and_name: str, into: Path) -> Path:
    """Unpack from a recording the files by which a hypervisor is detected, without thousands of topology files."""
    archive = next(Path(os.environ["HOSTINFO_CORPORA"]).glob(f"{collection_and_name}.tar.*"))
    evidence = ("/proc/", "dmi/id", "/sys/kernel/cpu_byteorder", "/cpu/online", "/cpu/modalias", "/sys/hypervisor")
    with tarfile.open(archive) as opened:
        chosen = [
            member
            for member in opened
            if member.isfile() and any(part in member.name for part in evidence) and "/cpus/" not in member.name
        ]
        opened.extractall(into, members=chosen, filter="data")
    return next(path.parent for path in sorted(into.rglob("proc")) if path.is_dir())
