"""Third-party machines: archives in the folders of HOSTINFO_CORPORA, separated by colons, which tests unpack."""

import os
import re
import tarfile
from pathlib import Path

import pytest

_WANTED = re.compile(r"/proc/(?!\d)|/sys/(devices/(system/(cpu|node)|cpu_)|kernel/mm|firmware|hypervisor|class/dmi)")
_UNWANTED = re.compile(
    r"/memory\d+/|/(power|cpuidle|hotplug|thermal_throttle|ondemand|uevent|crash_notes\w*|s?purr)/|/(mmcr|pmc)\w+/"
)
_SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.xz")


def files_of(collection: str) -> list[Path]:
    """Return the files of a collection, from all folders."""
    folders = [Path(folder) / collection for folder in os.environ.get("HOSTINFO_CORPORA", "").split(":") if folder]
    return sorted(path for folder in folders if folder.is_dir() for path in folder.iterdir())


def names_of(collection: str, *oracles: str) -> list[str]:
    """Return the machines of a collection that have an archive and, if asked for, a file of published values."""
    found = []
    for archive in files_of(collection):
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
    names = [f"{name}{suffix}" for suffix in suffixes]
    return next((path for path in files_of(collection) if path.name in names), None)


def stem(archive: Path) -> str:
    """Return the name of the machine; empty if the file is no archive."""
    return next((archive.name.removesuffix(suffix) for suffix in _SUFFIXES if archive.name.endswith(suffix)), "")


def unpack(collection: str, name: str, into: Path) -> Path:
    """Unpack the files about CPUs and memory; return the folder that contains the machine's /proc and /sys.

    Nothing is written outside the folder: symbolic links are created last, after all files.
    """
    links: list[tarfile.TarInfo] = []
    made: set[str] = set()
    with tarfile.open(next(path for path in files_of(collection) if stem(path) == name)) as opened:
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


def members(collection: str, archive: str) -> list[str]:
    """Return the machines in one archive of many: its first folders."""
    paths = [path for path in files_of(collection) if stem(path) == archive]
    if not paths:
        return []
    with tarfile.open(paths[0]) as opened:
        return sorted({member.name.removeprefix("./").partition("/")[0] for member in opened} - {"", "."})


def unpack_member(collection: str, archive: str, name: str, into: Path) -> Path:
    """Unpack one machine of such an archive; return its root."""
    path = next(path for path in files_of(collection) if stem(path) == archive)
    with tarfile.open(path) as opened:
        chosen = [member for member in opened if member.name.removeprefix("./").partition("/")[0] == name]
        opened.extractall(into, members=chosen, filter="data")
    return into / name
