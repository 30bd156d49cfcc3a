"""Third-party machines: archives in the folder HOSTINFO_CORPORA, which tests unpack."""

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


def names_of(collection: str, *oracles: str) -> list[str]:
    """Return the machines of a collection that have an archive and, if asked for, a file of published values."""
    folder = Path(os.environ.get("HOSTINFO_CORPORA", "/nonexistent")) / collection
    found = []
    for archive in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = stem(archive)
        if name and tarfile.is_tarfile(archive) and (not oracles or oracle(collection, name, *oracles) is not None):
            found.append(name)
    return found


def parameters(collection: str, *oracles: str) -> pytest.MarkDecorator:
    """Return one parameter per machine; without any, one that is skipped."""
    names = names_of(collection, *oracles)
    missing = pytest.param("", marks=pytest.mark.skip(f"no third-party machines in HOSTINFO_CORPORA/{collection}"))
    return pytest.mark.parametrize("name", names or [missing])


def oracle(collection: str, name: str, *suffixes: str) -> Path | None:
    """Return the file of published values of a machine."""
    paths = [Path(os.environ["HOSTINFO_CORPORA"]) / collection / f"{name}{suffix}" for suffix in suffixes]
    return next((path for path in paths if path.exists()), None)


def stem(archive: Path) -> str:
    """Return the name of the machine; empty if the file is no archive."""
    return next((archive.name.removesuffix(suffix) for suffix in _SUFFIXES if archive.name.endswith(suffix)), "")


def unpack(collection: str, name: str, into: Path) -> Path:
    """Unpack the files about CPUs and memory; return the folder that contains the machine's /proc and /sys.

    Nothing is written outside the folder: symbolic links are created last, after all files.
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
