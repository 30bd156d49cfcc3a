"""The results of one libvirt daemon, parsed for the readers of the groups.

Which results are reliable was measured on real hosts. Not used are getInfo()'s sockets, its memory on KVM, the sum of
the cells, and the capabilities' model as the CPU's name.
"""

from __future__ import annotations

from hostinfo.errors import ParseError, Unsupported

from ..sources.libvirt.capabilities import parse_capabilities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from hostinfo.fact import FactBuilder

    from ..sources.libvirt.calls import Result
    from ..sources.libvirt.capabilities import Capabilities

    T = TypeVar("T")

MEBIBYTE = 1 << 20


class LibvirtHost:
    """A daemon's host; ``is_xen`` selects which counters it has and what they mean."""

    def __init__(self, driver: str, call: Callable[[str], Result], *, is_xen: bool) -> None:
        self.driver = driver
        self.call = call
        self.is_xen = is_xen
        self._parsed: tuple[object, Capabilities] | None = None

    def optional(self, builder: FactBuilder, paths: tuple[str, ...], read: Callable[[], T]) -> T | None:
        """Return what ``read`` returns; None and a problem of these fields if this libvirt driver lacks the call."""
        try:
            return read()
        except Unsupported as error:
            for path in paths:
                if builder.needs(path.partition(".")[0]):
                    builder.add_problem(path, error)
            return None

    def capabilities(self) -> Capabilities:
        """Return the capabilities; one document is parsed once."""
        document = self.call("capabilities")
        if self._parsed is None or self._parsed[0] is not document:
            self._parsed = (document, parse_capabilities(document, f"{self.driver} capabilities"))
        return self._parsed[1]

    def total_bytes(self) -> int:
        """Return getInfo()'s memory, in whole MiB; on KVM, getMemoryStats() is exact."""
        return self._info(1) * MEBIBYTE

    def cpus(self) -> int:
        """Return getInfo()'s number of online CPUs."""
        return self._info(2)

    def frequency_hz(self) -> int | None:
        """Return getInfo()'s frequency; None where libvirt does not know it."""
        return self._info(3) * 1_000_000 or None

    def free_bytes(self) -> int | None:
        """Return getFreeMemory(); on Xen, the memory that no domain has."""
        free = self.call("free-memory")
        return free if isinstance(free, int) else None

    def _info(self, position: int) -> int:
        info = self.call("info")
        value = info[position] if isinstance(info, list) and len(info) == 8 else None
        if not isinstance(value, int):
            raise ParseError(f"{self.driver} getInfo", f"expected eight values, got {str(info)[:80]}")
        return value
