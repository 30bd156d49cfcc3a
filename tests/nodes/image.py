"""The disk image that every node boots: built once, kept in the cache, shared by all checkouts of this user."""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.cache import cache_folder, cached

from . import image_build

if TYPE_CHECKING:
    from pathlib import Path

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
    return Image(folder=cached(image_folder(), image_build.build))


def image_folder() -> Path:
    return cache_folder() / "nodes" / f"image-{_key()}"


def _key() -> str:
    digest = hashlib.sha256(repr(image_build.recipe()).encode())
    for source in sorted(path for path in image_build.FILES.rglob("*") if path.is_file()):
        mode = source.stat().st_mode & 0o111
        digest.update(f"{source.relative_to(image_build.FILES)} {mode}\n".encode() + source.read_bytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    print(missing() or cached_image().folder)
