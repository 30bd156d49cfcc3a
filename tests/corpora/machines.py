"""Third-party machines: archives in the folder that HOSTINFO_CORPORA names, unpacked where a test wants them."""

import os
import re
import tarfile
from pathlib import Path

import pytest

_WANTED = re.compile(r"/proc/(?!\d)|/sys/(devices/(system/(cpu|node)|cpu_)|kernel/mm|firmware|hypervisor|class/dmi)")
_UNWANTED = re.compile(
    r"/memory\d+/|/(power|cpuidle|hotplug|thermal_throttle|ondemand|uevent|crash_notes\w*|s?purr)/|/(mmcr|pmc)\w+/"
)
_SUFFIXES = (".tar.gz", ".tar.bz2")


def named(collection: str, *oracles: str) -> list[str]:
    """Names of the machines of a collection that have an archive and a file with what their authors publish."""
    folder = os.environ.get("HOSTINFO_CORPORA")
    if not folder:
        return []
    found = []
    for archive in sorted((Path(folder) / collection).iterdir()):
        name = stem(archive)
        if name and tarfile.is_tarfile(archive) and (not oracles or oracle(collection, name, *oracles) is not None):
            found.append(name)
    return found


def parameters(collection: str, *oracles: str) -> pytest.MarkDecorator:
    """One test a machine; one that is skipped where there are none."""
    names = named(collection, *oracles)
    missing = pytest.param("", marks=pytest.mark.skip("HOSTINFO_CORPORA names no folder with third-party machines"))
    return pytest.mark.parametrize("name", names or [missing])


def oracle(collection: str, name: str, *suffixes: str) -> Path | None:
    """The file that tells what the machine's authors expect."""
    paths = [Path(os.environ["HOSTINFO_CORPORA"]) / collection / f"{name}{suffix}" for suffix in suffixes]
    return next((path for path in paths if path.exists()), None)


def stem(archive: Path) -> str:
    """The machine's name; empty for what is no archive."""
    return next((archive.name.removesuffix(suffix) for suffix in _SUFFIXES if archive.name.endswith(suffix)), "")


def unpack(collection: str, name: str, into: Path) -> Path:
    """The folder that holds the machine's /proc and /sys, as far as they tell of processors and memory.

    No name leads out of the folder: links come last, when no file can be written through them.
    """
    archives = (Path(os.environ["HOSTINFO_CORPORA"]) / collection).iterdir()
    links: list[tarfile.TarInfo] = []
    made: set[str] = set()
    with tarfile.open(next(path for path in archives if stem(path) == name)) as opened:
        for member in opened:
            parts = [part for part in member.name.split("/") if part not in ("", ".")]
            inside = "/".join(["", *parts, ""])
            if ".." in parts or not _WANTED.search(inside) or _UNWANTED.search(inside):
                continue
            path = "/".join([str(into), *parts])
            folder = path if member.isdir() else path.rpartition("/")[0]
            if folder not in made:
                os.makedirs(folder, exist_ok=True)
                made.add(folder)
            content = opened.extractfile(member) if member.isreg() else None
            if content is not None:
                with open(path, "wb") as file:
                    file.write(content.read())
            elif member.issym():
                member.name = path
                links.append(member)
    for link in links:
        if Path(link.name).parent.resolve().is_relative_to(into.resolve()) and not os.path.lexists(link.name):
            os.symlink(link.linkname, link.name)
    root = into
    while not ((root / "proc").is_dir() or (root / "sys").is_dir()):
        root = next(path for path in root.iterdir() if path.is_dir())
    return root
