"""Processors: /proc/cpuinfo (proc_cpuinfo(5)) and /sys/devices/system/cpu (Documentation/admin-guide/cputopology.rst).

The architecture is not asked for: the keys and folders of the tree tell all that differs.
"""

from hostinfo.driver import RequestedFields
from hostinfo.errors import DriverError, Unsupported
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.cpu import Cpu

from ..sources.sources import Sources
from .processor import cpu_identity as identity
from .processor import cpuinfo
from .processor.field_reader import CPU_DIR, Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ("CpuReader", "read")

_IDENTITY = ("vendor_id", "model_name", "family", "model", "stepping", "revision", "cpuid_level", "flags")
_REST = (
    "threads", "sockets", "cores", "threads_per_core", "caches", "kinds", "processors",
    "current_frequency_hz", "min_frequency_hz", "max_frequency_hz",
)  # fmt: skip


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Cpu]:
    """The processors of the machine that this kernel runs on."""
    return CpuReader(sources, fields).read()


class CpuReader:
    """Reads what is wanted, each file once."""

    def __init__(self, sources: Sources, fields: RequestedFields) -> None:
        self.tree = sources.tree
        self.builder = FactBuilder("sysfs", fields)
        self.reading = Reading(self.tree, self.builder)
        self.values: dict[str, Any] = {}
        self._info: cpuinfo.CpuInfo | None = None
        self._is_info_read = False

    def info(self) -> cpuinfo.CpuInfo | None:
        """/proc/cpuinfo; None where it is absent, or could not be read (noted)."""
        if not self._is_info_read:
            self._is_info_read = True
            field = next((name for name in _IDENTITY if self.builder.needs(name)), "processors")
            text = self.reading.text(field, "proc/cpuinfo")
            try:
                self._info = cpuinfo.parse_cpuinfo(text) if text is not None else None
            except DriverError as error:
                self.reading.blame(field, error)
        return self._info

    def read(self) -> GroupResult[Cpu]:
        """All that is wanted."""
        wants = self.builder.needs
        self._read_identity()
        if wants("mitigations"):
            self._read_mitigations()
        if wants(*_REST):
            from .processor.processors import (
                ProcessorReader,  # half of the modules: not for a question of the model's name
            )

            ProcessorReader(self).read()
        if not self.values and self._info is None and not self.builder.problems and not self.tree.is_dir(CPU_DIR):
            raise Unsupported(f"/proc/cpuinfo, /{CPU_DIR}", "neither is there")
        return self.builder.build(Cpu(**self.values))

    def put(self, source: str, **values: object) -> None:
        """Keep what is wanted and there, with its source."""
        for field, value in values.items():
            if self.builder.needs(field) and value is not None and value != ():
                self.values[field] = value
                self.builder.record_source(source, field)

    def _read_identity(self) -> None:
        wanted = (*_IDENTITY, "microcode", "bugs", "address_bits_physical", "address_bits_virtual")
        info = self.info() if self.builder.needs(*wanted) else None
        if info is None:
            return
        first = min(info.records, default=None)
        its = identity.Identities(info).of(first)
        self.put(cpuinfo.SOURCE, **{field: getattr(its, field) for field in _IDENTITY})
        physical, virtual = identity.address_bits(info, first)
        self.put(cpuinfo.SOURCE, address_bits_physical=physical, address_bits_virtual=virtual)
        self.put(cpuinfo.SOURCE, bugs=tuple((info.get(first, "bugs") or "").split()))
        self.put(cpuinfo.SOURCE, microcode=info.get(first, "microcode"))
        if self.builder.needs("microcode") and "microcode" not in self.values and info.get(first, "flags"):
            path = f"{CPU_DIR}/cpu{first or 0}/microcode/version"  # x86 kernels before 3.3 tell it here only
            self.put(f"/{path}", microcode=self.reading.attribute("microcode", path))

    def _read_mitigations(self) -> None:
        folder = f"{CPU_DIR}/vulnerabilities"
        found = {}
        for name in self.reading.names("mitigations", folder)[:256]:
            state = self.reading.attribute("mitigations", f"{folder}/{name}")
            if state is not None:
                found[name] = state
        self.put(f"/{folder}", mitigations=found or None)
