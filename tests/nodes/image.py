"""The disk image that every node boots: built once, kept in the cache, shared by all checkouts of this user."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import image_build

if TYPE_CHECKING:
    from collections.abc import Iterator

UNUSED_SECONDS = 14 * 86400
TOOLS = {
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "mmdebstrap": "mmdebstrap",
    "mkfs.ext4": "e2fsprogs",
    "qemu-system-x86_64": "qemu-system-x86",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The files that a boot needs, all in one folder of the cache."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "root.img"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd.img"

    @property
    def xen(self) -> Path:
        return self.folder / "xen"


def missing() -> str:
    """Return what keeps this machine from booting nodes, and how to install it; empty if nothing does."""
    lacking = sorted({package for tool, package in TOOLS.items() if image_build.which(tool) is None})
    if platform.machine() != "x86_64":
        return f"the nodes are x86_64 machines, this one is {platform.machine()}"
    if lacking:
        return f"missing tools: apt-get install {' '.join(lacking)}"
    if os.geteuid() != 0 and not image_folder().exists():
        return "building the image needs root: run the tests once as root, or with sudo"
    return ""


def cached_image() -> Image:
    """Return the image of this package list and these files; build it first if the cache lacks it (two minutes)."""
    folder = image_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.parent / "lock"):
        if not folder.exists():
            _remove_leftovers(folder.parent)
            image_build.build(folder)
        os.utime(folder)
    return Image(folder=folder)


def image_folder() -> Path:
    return cache_folder() / f"image-{_key()}"


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hostinfo" / "nodes"


def _remove_leftovers(cache: Path) -> None:
    """Remove unfinished builds (only the lock's holder builds) and images that no checkout has used for long."""
    unused = [path for path in cache.glob("image-*") if time.time() - path.stat().st_mtime > UNUSED_SECONDS]
    for folder in (*cache.glob("building-*"), *unused):
        shutil.rmtree(folder, ignore_errors=True)


def _key() -> str:
    digest = hashlib.sha256(repr(image_build.recipe()).encode())
    for source in sorted(path for path in image_build.FILES.rglob("*") if path.is_file()):
        mode = source.stat().st_mode & 0o111
        digest.update(f"{source.relative_to(image_build.FILES)} {mode}\n".encode() + source.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("image: another process is building it; waiting", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    print(missing() or cached_image().folder)
