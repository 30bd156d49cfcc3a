"""The firmware's description of the machine: raw SMBIOS tables, parsed by us.

Source: /sys/firmware/dmi/tables (root only); DMTF DSP0134. ``read_smbios`` gives the tables of a tree, decoded when
they are first asked for; ``installed.installed_memory`` sums up the slots in the model's words.
"""

from __future__ import annotations

from functools import cached_property

from hostinfo.errors import ReadError

from .walk import EntryPoint, Structure, Version, parse_entry_point, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tree import Tree
    from .identity import BoardInfo, ChassisInfo, FirmwareInfo, SystemInfo
    from .memory import MemoryArray, MemoryDevice
    from .processor import CacheInfo, ProcessorInfo

__all__ = ("TABLE", "Tables", "Version", "parse_tables", "read_smbios")

TABLE = "/sys/firmware/dmi/tables/DMI"
"""The source, as ``GroupResult.sources`` names it."""
_TABLE_LIMIT = 4 * 1024 * 1024  # the largest servers' tables have some 100 KiB
_TABLES = "sys/firmware/dmi/tables"


class Tables:
    """The structures of one table by type. What is missing is None or empty; ``problems`` says what was wrong."""

    def __init__(
        self, structures: list[Structure], version: Version | None, problems: tuple[str, ...], *, is_complete: bool
    ) -> None:
        self.is_complete = is_complete
        """Whether the walk came to the table's proper end: else a sum over its structures may be too small."""
        self.structures = tuple(structures)
        self.version = version
        """SMBIOS version; None: no usable entry point."""
        self.problems = problems
        """What is wrong with the table, in words; empty: nothing."""

    def of_type(self, number: int) -> list[Structure]:
        """The structures of one type in the table's order."""
        return [structure for structure in self.structures if structure.type == number]

    @cached_property
    def firmware(self) -> FirmwareInfo | None:
        """Type 0."""
        from .identity import firmware

        return next(map(firmware, self.of_type(0)), None)

    @cached_property
    def system(self) -> SystemInfo | None:
        """Type 1."""
        from .identity import system

        return next(map(system, self.of_type(1)), None)

    @cached_property
    def board(self) -> BoardInfo | None:
        """Type 2: the first, as the kernel takes it."""
        from .identity import board

        return next(map(board, self.of_type(2)), None)

    @cached_property
    def chassis(self) -> ChassisInfo | None:
        """Type 3: the first, as the kernel takes it."""
        from .identity import chassis

        return next(map(chassis, self.of_type(3)), None)

    @cached_property
    def processors(self) -> tuple[ProcessorInfo, ...]:
        """Type 4: sockets for central processors, populated or not."""
        from .processor import processor

        return tuple(info for info in map(processor, self.of_type(4)) if info is not None)

    @cached_property
    def caches(self) -> tuple[CacheInfo, ...]:
        """Type 7."""
        from .processor import cache

        return tuple(map(cache, self.of_type(7)))

    @cached_property
    def memory_arrays(self) -> tuple[MemoryArray, ...]:
        """Type 16: system memory and others."""
        from .memory import memory_array

        return tuple(map(memory_array, self.of_type(16)))

    @cached_property
    def memory_devices(self) -> tuple[MemoryDevice, ...]:
        """Type 17: slots, populated or not."""
        from .memory import memory_device

        return tuple(map(memory_device, self.of_type(17)))


def parse_tables(data: bytes, entry_point: bytes | None) -> Tables:
    """Parse a table of any bytes: what can be trusted stands, what can't is named in ``problems``."""
    problems = []
    entry: EntryPoint | None = None
    if entry_point is not None:
        parsed = parse_entry_point(entry_point)
        if isinstance(parsed, str):
            problems.append(parsed)
        else:
            entry = parsed
    structures, problem = walk(data, entry)
    if problem is not None:
        problems.append(problem)
    return Tables(structures, entry.version if entry else None, tuple(problems), is_complete=problem is None)


def read_smbios(tree: Tree) -> Tables | None:
    """The tables of a tree; None where the machine has none. ReadError where this process may not read them."""
    import errno

    absent = (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO)
    try:
        data = tree.data(f"{_TABLES}/DMI", _TABLE_LIMIT)
    except ReadError as error:
        if error.errno in absent:
            return None
        raise
    try:
        entry_point = tree.data(f"{_TABLES}/smbios_entry_point", 4096)
    except ReadError as error:
        if error.errno not in absent:
            raise
        entry_point = None
    return parse_tables(data, entry_point) if data else None
