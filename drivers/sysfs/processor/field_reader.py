"""A tree and the notes of the group that is read from it: what can't be read is noted once a field, and is None."""

from collections.abc import Iterable
from errno import EINVAL, EISDIR, ENODEV, ENOENT, ENOTDIR

from hostinfo.errors import DriverError, ReadError
from hostinfo.fact import FactBuilder

from ...sources.tree import Tree
from . import cpulist

CPU_DIR = "sys/devices/system/cpu"
_ABSENT = (ENOENT, ENOTDIR, ENODEV, EINVAL, EISDIR)


class Reading:
    """Reads attributes for the fields of one group."""

    __slots__ = ("_blamed", "builder", "tree")

    def __init__(self, tree: Tree, builder: FactBuilder) -> None:
        self.tree = tree
        self.builder = builder
        self._blamed: set[str] = set()

    def attribute(self, field: str, path: str) -> str | None:
        """The attribute's text; None where it is absent, or could not be read (noted)."""
        try:
            return self.tree.attribute(path)
        except DriverError as error:
            self.blame(field, error)
            return None

    def number(self, field: str, path: str, base: int = 10) -> int | None:
        """The attribute's number; None where it is absent, negative, not a number, or could not be read (noted)."""
        try:
            return self.tree.number(path, base)
        except DriverError as error:
            self.blame(field, error)
            return None

    def names(self, field: str, path: str) -> list[str]:
        """What the directory holds; nothing where it is absent, or could not be read (noted)."""
        try:
            return self.tree.names(path)
        except DriverError as error:
            self.blame(field, error)
            return []

    def text(self, field: str, path: str) -> str | None:
        """The file's text; None where it is absent, or could not be read (noted)."""
        try:
            return self.tree.text(path)
        except ReadError as error:
            if error.errno not in _ABSENT:
                self.blame(field, error)
            return None

    def cpus(self, field: str, path: str) -> int | None:
        """The set of CPUs in a file: a mask where its name ends in map, _siblings or _cpus, else a list."""
        text = self.attribute(field, path)
        if text is None:
            return None
        is_map = path.endswith(("map", "_siblings", "_cpus"))
        try:
            return (cpulist.parse_map if is_map else cpulist.parse_list)(text, "/" + path)
        except DriverError as error:
            self.blame(field, error)
            return None

    def own_set(self, field: str, number: int, folder: str, names: Iterable[str]) -> int:
        """The set in the first of these files that holds the CPU itself; empty where none does."""
        for name in names:
            cpus = self.cpus(field, f"{folder}/{name}") or 0
            if cpulist.has(cpus, number):
                return cpus
        return 0

    def blame(self, field: str, error: DriverError) -> None:
        """Note the first failure of a field: a thousand files that may not be read are one problem."""
        if field not in self._blamed:
            self._blamed.add(field)
            self.builder.add_problem(field, error)
