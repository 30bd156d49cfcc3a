"""The driver ``dom0-firmware``: what a Dom0 can report about the machine without calling Xen.

That is the firmware's tables, Xen's list of CPUs, and the part of the Dom0's /proc/cpuinfo that Xen passes through. The
counts of the Dom0's kernel (CPUs, memory, nodes, cache sharing) are its own share and are left out here; the group
``domain`` has them. Source: SMBIOS types 4, 16 and 17.
"""

from __future__ import annotations

from functools import partial

from hostinfo.driver import Driver
from hostinfo.errors import ParseError, Unavailable
from hostinfo.fact import FactBuilder
from hostinfo.model.memory import Memory
from hostinfo.record import replace

from ..sources.field_reader import FieldReader
from ..sources.xen_role import DOM0, read_role
from .firmware_tables import READ_FROM_XEN, read_tables, report_absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult
    from hostinfo.model.cpu import Cpu

    from ..sources.sources import Sources

NAME = "dom0-firmware"
_SLOT_FIELDS = ("installed_bytes", "maximum_bytes", "slots", "error_correction", "dimms")
_MEMORY_FROM_XEN = {
    "total_bytes": f"Dom0's MemTotal is its own share; {READ_FROM_XEN}",
    "free_bytes": f"Dom0's MemFree is its own; {READ_FROM_XEN}",
    "available_bytes": f"Dom0's MemAvailable is its own; {READ_FROM_XEN}",
}


def open_driver(uri: str | None) -> Driver | None:
    """Open this Dom0's firmware for None and ``sysfs:///``, a tree of files for ``sysfs:///DIR``."""
    from ..sources.local import sources_of

    return build_driver(sources_of(uri))


def build_driver(sources: Sources) -> Driver | None:
    """Return the table for these sources; None outside a Dom0."""
    if read_role(sources.tree) != DOM0:
        return None
    return Driver(name=NAME, cpu=partial(read_cpu, sources), memory=partial(read_memory, sources))


def read_cpu(sources: Sources, fields: RequestedFields) -> GroupResult[Cpu]:
    """Read the machine's CPUs."""
    from .firmware_cpu import read_cpu as read

    builder = FactBuilder(NAME, fields)
    return builder.build(read(FieldReader(sources.tree, builder)))


def read_memory(sources: Sources, fields: RequestedFields) -> GroupResult[Memory]:
    """Read the machine's memory slots and their modules."""
    from ..sources.smbios.installed import installed_memory

    builder = FactBuilder(NAME, fields)
    needed = [field for field in _SLOT_FIELDS if builder.needs(field)]
    value = Memory()
    tables = read_tables(FieldReader(sources.tree, builder), needed) if needed else None
    if tables is not None:
        installed = installed_memory(tables)
        for field, why in installed.reasons.items():
            if field in needed and (tables.is_complete or field != needed[0]):  # the first is reported by read_tables
                builder.add_problem(field, ParseError(tables.source, why))
        builder.record_source(f"{tables.source} types 16 and 17", *needed)
        value = replace(value, **{field: getattr(installed, field) for field in needed})
    for field, why in _MEMORY_FROM_XEN.items():
        if builder.needs(field):
            builder.add_problem(field, Unavailable("/proc/meminfo", why))
    report_absent(builder, value, ("page_bytes",))
    return builder.build(value)
