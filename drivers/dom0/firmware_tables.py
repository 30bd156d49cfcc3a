"""The firmware's SMBIOS tables as a Dom0 may read them, and what to do where they are not enough."""

from __future__ import annotations

from hostinfo.errors import DriverError, ParseError

from ..sources.smbios import TABLE, read_smbios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..sources.field_reader import FieldReader
    from ..sources.smbios import Tables

READ_FROM_XEN = "Xen reports it to root and through libvirtd"
"""Who could report a missing field. It is no advice, because the machine may be a recorded one."""


def read_tables(reader: FieldReader, field: str) -> Tables | None:
    """Read the firmware's tables; errors in them become problems of the field."""
    try:
        tables = read_smbios(reader.tree)
    except DriverError as error:
        reader.report_once(field, error)
        return None
    if tables is None:
        reader.builder.unsupported(field, TABLE, "the firmware describes nothing")
    elif not tables.is_complete:
        reader.report_once(field, ParseError(TABLE, "; ".join(tables.problems)))
    return tables
