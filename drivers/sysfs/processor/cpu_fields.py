"""The fields of the CPU group while they are read: values, sources and problems; /proc/cpuinfo is parsed once."""

from __future__ import annotations

from hostinfo.errors import DriverError
from hostinfo.fact import FactBuilder

from ...sources.field_reader import FieldReader
from . import cpuinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hostinfo.driver import RequestedFields

    from ...sources.sources import Sources

IDENTITY = ("vendor_id", "model_name", "family", "model", "stepping", "revision", "cpuid_level", "flags")
"""Fields of one CPU that only /proc/cpuinfo has."""


class CpuFields:
    """Collects the requested fields of the CPU group."""

    def __init__(self, sources: Sources, fields: RequestedFields) -> None:
        self.builder = FactBuilder("sysfs", fields)
        self.reader = FieldReader(sources.tree, self.builder)
        self.values: dict[str, Any] = {}
        self._info: cpuinfo.CpuInfo | None = None
        self._is_info_read = False

    def info(self) -> cpuinfo.CpuInfo | None:
        """Return the machine's parsed /proc/cpuinfo; None if it is absent, unreadable, malformed, or a container's.

        lxcfs lists the container's CPUs only, and renumbers them: their lines cannot be joined by number.
        """
        return None if self.reader.container.covers("proc/cpuinfo") else self.identity_info()

    def identity_info(self) -> cpuinfo.CpuInfo | None:
        """Return the parsed /proc/cpuinfo, even a container's: each CPU there is one of the machine's."""
        if not self._is_info_read:
            self._is_info_read = True
            field = next((name for name in IDENTITY if self.builder.needs(name)), "processors")
            text = self.reader.text(field, "proc/cpuinfo")
            try:
                self._info = cpuinfo.parse_cpuinfo(text) if text is not None else None
            except DriverError as error:
                self.reader.report_once(field, error)
        return self._info

    def set_fields(self, source: str, **values: object) -> None:
        """Store the requested ones of these values with their source; None and () are absent values."""
        for field, value in values.items():
            if self.builder.needs(field) and value is not None and value != ():
                self.values[field] = value
                self.builder.record_source(source, field)
