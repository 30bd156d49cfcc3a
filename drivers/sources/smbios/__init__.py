"""Parse raw SMBIOS tables: /sys/firmware/dmi/tables or entries (readable by root only); DMTF DSP0134.

``read_smbios`` returns the tables of a tree; structures are parsed on first access. ``installed.installed_memory`` sums
up the memory slots.
"""

from __future__ import annotations

from hostinfo.errors import ReadError

from .tables import TABLE, Tables, parse_tables
from .walk import Version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tree import Tree

__all__ = ("TABLE", "Tables", "Version", "parse_tables", "read_smbios")

_TABLE_LIMIT = 4 * 1024 * 1024  # the tables of the largest servers have about 100 KiB
_TABLES = "sys/firmware/dmi/tables"


def read_smbios(tree: Tree) -> Tables | None:
    """Return the tables of a tree; None if the machine has none. ReadError: they are not readable."""
    import errno

    absent = (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ENXIO)
    try:
        data = tree.data(f"{_TABLES}/DMI", _TABLE_LIMIT)
    except ReadError as error:
        if error.errno in absent:
            from .entries import read_entries

            return read_entries(tree)
        raise
    try:
        entry_point = tree.data(f"{_TABLES}/smbios_entry_point", 4096)
    except ReadError as error:
        if error.errno not in absent:
            raise
        entry_point = None
    return parse_tables(data, entry_point) if data else None
