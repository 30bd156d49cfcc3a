"""The firmware's SMBIOS tables as a Dom0 may read them, and what to do where they are not enough."""

from __future__ import annotations

from hostinfo.errors import DriverError, ParseError, Unavailable

from ..sources.smbios import TABLE, read_smbios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hostinfo.fact import FactBuilder

    from ..sources.field_reader import FieldReader
    from ..sources.smbios import Tables

READ_FROM_XEN = "Xen reports it to root and through libvirtd"
"""Who could report a missing field. It is no advice, because the machine may be a recorded one."""


def read_tables(reader: FieldReader, fields: Sequence[str]) -> Tables | None:
    """Read the firmware's tables; errors in them become problems of the first of the fields that need them.

    Without tables, each of the fields has the reason.
    """
    try:
        tables = read_smbios(reader.tree)
    except DriverError as error:
        for field in fields:
            reader.report_once(field, error)
        return None
    if tables is None:
        for field in fields:
            reader.builder.unsupported(field, TABLE, "the firmware describes nothing")
    elif not tables.is_complete:
        for field in fields[:1]:
            reader.report_once(field, ParseError(TABLE, "; ".join(tables.problems)))
    return tables


def report_absent(builder: FactBuilder, value: object, fields: Sequence[str]) -> None:
    """Add a reason for each requested field that is absent and has none: a Dom0 sees only its own share."""
    known = {problem.path for problem in builder.problems}
    for field in fields:
        if builder.needs(field) and field not in known and getattr(value, field) is None:
            builder.add_problem(field, Unavailable("the Dom0's kernel", f"does not report it; {READ_FROM_XEN}"))
