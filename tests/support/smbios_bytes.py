"""Builds raw SMBIOS structures as DSP0134 lays them out, for tests to read back."""

import struct

KIB, MIB, GIB = 1024, 1024**2, 1024**3
END = b"\x7f\x04\xff\xfe\0\0"


def structure(kind: int, handle: int, body: bytes, *strings: bytes) -> bytes:
    texts = b"".join(text + b"\0" for text in strings) or b"\0"
    return struct.pack("<BBH", kind, 4 + len(body), handle) + body + texts + b"\0"


def entry_point(table: bytes, version: tuple[int, int], count: int | None) -> bytes:
    """A 64-bit entry point without a count, a 32-bit one with it; the table behind 32 bytes, as dmidecode dumps it."""
    if count is None:
        data = bytearray(struct.pack("<5sBBBBBBBIQ", b"_SM3_", 0, 24, *version, 0, 1, 0, len(table), 32))
        data[5] = -sum(data) % 256
        return bytes(data)
    longest = 0xFF
    legacy = bytearray(struct.pack("<5sBHIHB", b"_DMI_", 0, len(table), 32, count, version[0] << 4 | version[1]))
    legacy[5] = -sum(legacy) % 256
    data = bytearray(struct.pack("<4sBBBBHB5s", b"_SM_", 0, 31, *version, longest, 0, b"") + legacy)
    data[4] = -sum(data) % 256
    return bytes(data)


def processor(
    cores: int = 4,
    threads: int = 8,
    *,
    status: int = 0x41,
    kind: int = 3,
    family: int = 0xB3,
    wide: tuple[int, ...] = (),
) -> bytes:
    """The body of a type 4 structure as DSP0134 7.5 lays it out, of SMBIOS 3.0 with ``wide`` counts, else of 2.6."""
    identity = struct.pack("<BBBBIIBBHHHBBHHHBBB", 1, kind, family, 2, 0x106A5, 0xBFEBFBFF, 3, 0x8C, 133, 3500, 2933,
                           status, 4, 0x700, 0x701, 0xFFFF, 4, 5, 6)  # fmt: skip
    counts = struct.pack("<BBBHH", cores, cores, threads, 0xFC, family)
    return identity + counts + (struct.pack("<HHH", *wide) if wide else b"")


CPU_TEXTS = (b"SOCKET 0", b"Intel", b"Intel(R) Xeon(R) CPU X5570", b"S1", b"A1", b"P1")


def memory_device(size: int = 8192, extended: int = 0, speed: int = 2400, kind: int = 0x1A, form: int = 9) -> bytes:
    """The body of a type 17 structure of SMBIOS 3.3 (DSP0134 7.18)."""
    start = struct.pack(
        "<HHHHHBBBBBHHBBBBB", 0x1000, 0xFFFE, 72, 64, size, form, 0, 1, 2, kind, 0x80, speed, 3, 4, 5, 6, 2
    )
    return start + struct.pack("<IHHHH", extended, 2133, 1200, 1200, 1200) + b"\x03".ljust(0x5C - 0x28, b"\0")


DIMM_TEXTS = (b"DIMM_A1", b"BANK 0", b"Samsung", b"31C7", b"tag", b"M393A1G43")
