"""The structures of an SMBIOS table by type; they are parsed on first access. DMTF DSP0134."""

from __future__ import annotations

from functools import cached_property

from .walk import EntryPoint, Structure, Version, parse_entry_point, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .identity import BoardInfo, ChassisInfo, FirmwareInfo, SystemInfo
    from .memory import MemoryArray, MemoryDevice
    from .processor import CacheInfo, ProcessorInfo

TABLE = "/sys/firmware/dmi/tables/DMI"
"""The source, as in ``GroupResult.sources``."""


class Tables:
    """The structures of one table by type; a missing structure is None or an empty tuple."""

    def __init__(
        self,
        structures: list[Structure],
        version: Version | None,
        problems: tuple[str, ...],
        *,
        is_complete: bool,
        source: str = TABLE,
    ) -> None:
        self.is_complete = is_complete
        """Whether the walk reached the end of the table; if not, a sum over its structures may be too small."""
        self.structures = tuple(structures)
        self.version = version
        """SMBIOS version; None: no usable entry point."""
        self.problems = problems
        """What is wrong with the table, as text; empty: nothing."""
        self.source = source
        """Where the structures were read, as in ``GroupResult.sources``."""

    def of_type(self, number: int) -> list[Structure]:
        """Return the structures of one type in the order of the table."""
        return [structure for structure in self.structures if structure.type == number]

    @cached_property
    def firmware(self) -> FirmwareInfo | None:
        """The firmware (type 0)."""
        from .identity import parse_firmware

        return next(map(parse_firmware, self.of_type(0)), None)

    @cached_property
    def system(self) -> SystemInfo | None:
        """The system (type 1)."""
        from .identity import parse_system

        return next(map(parse_system, self.of_type(1)), None)

    @cached_property
    def board(self) -> BoardInfo | None:
        """The first baseboard (type 2), as in the kernel."""
        from .identity import parse_board

        return next(map(parse_board, self.of_type(2)), None)

    @cached_property
    def chassis(self) -> ChassisInfo | None:
        """The first chassis (type 3), as in the kernel."""
        from .identity import parse_chassis

        return next(map(parse_chassis, self.of_type(3)), None)

    @cached_property
    def processors(self) -> tuple[ProcessorInfo, ...]:
        """The sockets for central processors, populated or not (type 4)."""
        from .processor import parse_processor

        return tuple(info for info in map(parse_processor, self.of_type(4)) if info is not None)

    @cached_property
    def caches(self) -> tuple[CacheInfo, ...]:
        """The caches (type 7)."""
        from .processor import parse_cache

        return tuple(map(parse_cache, self.of_type(7)))

    @cached_property
    def memory_arrays(self) -> tuple[MemoryArray, ...]:
        """The physical memory arrays, for system memory and others (type 16)."""
        from .memory import parse_memory_array

        return tuple(map(parse_memory_array, self.of_type(16)))

    @cached_property
    def memory_devices(self) -> tuple[MemoryDevice, ...]:
        """The memory slots, populated or not (type 17)."""
        from .memory import parse_memory_device

        return tuple(map(parse_memory_device, self.of_type(17)))


def parse_tables(data: bytes, entry_point: bytes | None) -> Tables:
    """Parse a table of arbitrary bytes; what is wrong with it is in ``problems``."""
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
