"""The binary format of SMBIOS tables: the entry point, and the walk from structure to structure.

Source: /sys/firmware/dmi/tables/{smbios_entry_point,DMI}; DMTF DSP0134 (SMBIOS reference specification), chapters 5, 6.
"""

from .text import clean, clean_number

Version = tuple[int, int]

STRUCTURES_LIMIT = 65536
"""Maximum number of structures in a table: handles are unique and have 16 bits."""
_END_OF_TABLE = 127
_HEADER_BYTES = 4
_MISSTATED_VERSIONS = {(2, 31): (2, 3), (2, 33): (2, 3), (2, 51): (2, 6)}  # firmware that encodes 2.3.1 as 2.31


class EntryPoint:
    """Version, number of structures and length of the table.

    The 64-bit entry point has no number (None), and its length is a maximum.
    """

    __slots__ = ("structures", "table_bytes", "version")

    def __init__(self, version: Version, structures: int | None, table_bytes: int) -> None:
        self.version = version
        self.structures = structures
        self.table_bytes = table_bytes


class Structure:
    """One structure: its formatted area including the four-byte header, and the strings after it.

    ``version`` is that of the table, None: unknown. Fields that are newer than the version do not exist, even if the
    structure is long enough.
    """

    __slots__ = ("data", "handle", "strings", "type", "version")

    def __init__(self, data: bytes, strings: bytes, version: Version | None) -> None:
        self.type = data[0]
        self.handle = data[2] | data[3] << 8
        self.data = data
        self.strings = strings
        self.version = version

    def number(self, offset: int, size: int, since: Version = (2, 0)) -> int | None:
        """Return the little-endian integer of ``size`` bytes; None if structure or version has no such field."""
        if offset + size > len(self.data) or (self.version is not None and self.version < since):
            return None
        return int.from_bytes(self.data[offset : offset + size], "little")

    def text(self, offset: int, since: Version = (2, 0)) -> str | None:
        """Return the string whose number is at ``offset``; None: no string, number out of range, or placeholder."""
        return clean(self._string(offset, since))

    def serial(self, offset: int, since: Version = (2, 0)) -> str | None:
        """Return a serial number or asset tag as ``text`` does; None also if it consists of zeros."""
        return clean_number(self._string(offset, since))

    def _string(self, offset: int, since: Version) -> str:
        index = self.number(offset, 1, since)
        if not index:
            return ""
        strings = self.strings.split(b"\0", index)
        return strings[index - 1].decode("utf-8", "replace") if index <= len(strings) else ""


def parse_entry_point(data: bytes) -> EntryPoint | str:
    """Return the entry point, or what is wrong with it."""
    if data.startswith(b"_SM3_"):
        if len(data) < 24 or not 24 <= data[6] <= len(data):
            return "64-bit entry point of a wrong length"
        if sum(data[: data[6]]) % 256:
            return "64-bit entry point with a wrong checksum"
        return EntryPoint(
            version=(data[7], data[8]), structures=None, table_bytes=int.from_bytes(data[12:16], "little")
        )
    if data.startswith(b"_SM_"):
        # 30 instead of 31: an error in version 2.1 of the specification, which firmware followed
        if len(data) < 30 or not 30 <= data[5] <= len(data):
            return "32-bit entry point of a wrong length"
        if sum(data[: data[5]]) % 256:
            return "32-bit entry point with a wrong checksum"
        version = (data[6], data[7])
        return _legacy(data[16:], _MISSTATED_VERSIONS.get(version, version))
    if data.startswith(b"_DMI_"):
        if len(data) < 15:
            return "legacy entry point of a wrong length"
        if sum(data[:15]) % 256:
            return "legacy entry point with a wrong checksum"
        return _legacy(data, (data[14] >> 4, data[14] & 0xF))
    return "no _SM3_, _SM_ or _DMI_ anchor"


def _legacy(data: bytes, version: Version) -> EntryPoint:
    """Return the fields of the legacy entry point, which is also the second half of the 32-bit one."""
    return EntryPoint(
        version=version,
        structures=int.from_bytes(data[12:14], "little"),
        table_bytes=int.from_bytes(data[6:8], "little"),
    )


def walk(data: bytes, entry: EntryPoint | None) -> tuple[list[Structure], str | None]:
    """Return the structures of a table, and what ended the walk early; None: the table is complete.

    Firmware that announces more structures than it has loses nothing: the table ends at its announced length, or at an
    end-of-table structure. dmidecode(8) warns of it, "57 announced, only 56 decoded".
    """
    structures: list[Structure] = []
    version = entry.version if entry else None
    # Like the kernel, stop at an end-of-table structure only without a count: some tables have one in the middle.
    count = (entry.structures if entry else None) or None
    end = min(len(data), entry.table_bytes or len(data)) if entry else len(data)
    offset = 0
    while len(structures) < (count or STRUCTURES_LIMIT):
        if count and structures and len(data) >= end == _announced(entry, data) and not any(data[offset:end]):
            return structures, None
        if offset + _HEADER_BYTES > end:
            if count and structures and structures[-1].type == _END_OF_TABLE:
                return structures, None
            return structures, f"ends after {len(structures)} of {count or 'uncounted'} structures"
        length = data[offset + 1]
        if length < _HEADER_BYTES:
            return structures, f"structure of {length} bytes at offset {offset:#x}"
        strings = offset + length
        after = data.find(b"\0\0", strings, end)
        if after < 0:
            return structures, f"truncated in the structure at offset {offset:#x}"
        structures.append(Structure(data[offset:strings], data[strings:after], version))
        if data[offset] == _END_OF_TABLE and count is None:
            return structures, None
        offset = after + 2
    return structures, None if count else f"more than {STRUCTURES_LIMIT} structures"


def _announced(entry: EntryPoint | None, data: bytes) -> int:
    """Return the length of the table by its entry point."""
    return entry.table_bytes or len(data) if entry else len(data)
