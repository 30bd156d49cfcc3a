"""Read files of a tree for the fields of one group: a file that cannot be read is None and a problem of its field."""

from __future__ import annotations

from hostinfo.errors import DriverError

from . import cpulist
from .container_view import ContainerView, read_container_view
from .tree import source_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from hostinfo.fact import FactBuilder

    from .tree import Tree

    T = TypeVar("T")


class FieldReader:
    """A tree, and the builder that collects the problems of the group's fields."""

    __slots__ = ("_container", "_reported", "builder", "tree")

    def __init__(self, tree: Tree, builder: FactBuilder) -> None:
        self.tree = tree
        self.builder = builder
        self._reported: set[str] = set()
        self._container: ContainerView | None = None

    @property
    def container(self) -> ContainerView:
        """Which files show a container's share; read once."""
        if self._container is None:
            self._container = read_container_view(self.tree)
        return self._container

    def attribute(self, field: str, path: str) -> str | None:
        """Return the text of an attribute; None if it is absent or unreadable."""
        return self._read(field, lambda: self.tree.attribute(path))

    def number(self, field: str, path: str, base: int = 10) -> int | None:
        """Return the number in an attribute; None if it is absent, negative, not a number, or unreadable."""
        return self._read(field, lambda: self.tree.number(path, base))

    def names(self, field: str, path: str) -> list[str]:
        """Return the entries of a directory; empty if it is absent or unreadable."""
        return self._read(field, lambda: self.tree.names(path)) or []

    def text(self, field: str, path: str) -> str | None:
        """Return the text of a file; None if it is absent or unreadable."""
        return self._read(field, lambda: self.tree.optional(path))

    def cpu_set(self, field: str, path: str) -> int | None:
        """Return the set of CPUs in a file: a mask if its name ends in map, _siblings or _cpus, else a list."""
        text = self.attribute(field, path)
        if text is None:
            return None
        is_map = path.endswith(("map", "_siblings", "_cpus"))
        parse = cpulist.parse_map if is_map else cpulist.parse_list
        return self._read(field, lambda: parse(text, source_of(path)))

    def cpu_set_with(self, field: str, number: int, folder: str, names: Iterable[str]) -> int:
        """Return the first set in these files that contains the CPU ``number``; empty if none does."""
        for name in names:
            cpus = self.cpu_set(field, f"{folder}/{name}") or 0
            if cpulist.has(cpus, number):
                return cpus
        return 0

    def report_once(self, field: str, error: DriverError) -> None:
        """Record the first problem of a field: a thousand unreadable files are one problem."""
        if field not in self._reported:
            self._reported.add(field)
            self.builder.add_problem(field, error)

    def _read(self, field: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except DriverError as error:
            self.report_once(field, error)
            return None
