"""Parsers of hypercall results, by the layouts of Xen's public headers.

Each function takes the raw result from ``privcmd`` or a recording, and raises ParseError if it is too short.
"""

from __future__ import annotations

import struct
from struct import Struct

from hostinfo.errors import ParseError
from hostinfo.record import record

INVALID_ID = 0xFFFFFFFF
"""Core, socket and node of a CPU that is not online: XEN_INVALID_CORE_ID, _SOCKET_ID, _NODE_ID."""
INVALID_SIZE = 0xFFFFFFFFFFFFFFFF
"""Memory of a node that does not exist: XEN_INVALID_MEM_SZ."""
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PCPU_ONLINE, _PCPU_INVALID = 1, 2

_PHYSINFO_OLD = Struct("<8I5Q8I")
_PHYSINFO = Struct("<10I5Q8I")
_CPUTOPO = Struct("<3I")
_MEMINFO = Struct("<2Q")
_PCPU_VERSION = Struct("<II12s3I")
_PCPU_INFO = Struct("<5I")
_LEAF = Struct("<6I")
_DOMAIN_HEAD = Struct("<HxxI7QII4x16s")
DOMAIN_HANDLE = slice(76, 92)
"""The bytes of a row that hold the domain's UUID."""

Leaves = dict[tuple[int, int], tuple[int, int, int, int]]
"""A CPUID policy: (leaf, subleaf or NO_SUBLEAF) -> eax, ebx, ecx, edx."""
NO_SUBLEAF = 0xFFFFFFFF


@record
class PhysInfo:
    """XEN_SYSCTL_physinfo."""

    threads_per_core: int
    cores_per_socket: int
    online_cpus: int
    cpu_khz: int
    total_pages: int
    free_pages: int


@record
class PhysicalCpu:
    """XENPF_get_cpu_version and XENPF_get_cpuinfo of one physical CPU."""

    number: int
    is_online: bool
    apic_id: int
    vendor_id: str
    family: int
    model: int
    stepping: int


@record
class DomainInfo:
    """XEN_SYSCTL_getdomaininfolist, one domain."""

    id: int
    uuid: str
    cpu_seconds: float
    pages: int
    online_vcpus: int


def parse_interface(result: bytes) -> int:
    """Return the version of the sysctl interface, which determines the layout of other results."""
    return int(_unpack(Struct("<I"), result, "interface")[0])


def parse_version(result: bytes) -> str:
    """Return Xen's version, such as 4.17.7."""
    number = _unpack(Struct("<I"), result, "version")[0]
    extra = result[4:].split(b"\0")[0].decode("ascii", "replace")
    return f"{number >> 16}.{number & 0xFFFF}{extra}"


def parse_physinfo(result: bytes, version: int) -> PhysInfo:
    """Parse XEN_SYSCTL_physinfo of this interface version."""
    fields = _unpack(_PHYSINFO if version >= 0x15 else _PHYSINFO_OLD, result, "physinfo")
    total_at = 10 if version >= 0x15 else 8
    return PhysInfo(
        threads_per_core=fields[0],
        cores_per_socket=fields[1],
        online_cpus=fields[2],
        cpu_khz=fields[6],
        total_pages=fields[total_at],
        free_pages=fields[total_at + 1],
    )


def parse_cputopo(result: bytes) -> list[tuple[int, int, int]]:
    """Return core, socket and node of each CPU; INVALID_ID where it is offline or does not exist."""
    return list(_CPUTOPO.iter_unpack(_whole(result, _CPUTOPO.size)))


def parse_numainfo(result: bytes) -> tuple[list[tuple[int, int]], list[list[int]]]:
    """Return the span and free bytes of each node (INVALID_SIZE: no such node), and the distance matrix."""
    count = _unpack(Struct("<I"), result, "numainfo")[0]
    distances_at = 4 + count * _MEMINFO.size
    if count > 64 or len(result) < distances_at + 4 * count * count:
        raise ParseError("Xen hypercall numainfo", f"{len(result)} bytes for {count} nodes")
    nodes = list(_MEMINFO.iter_unpack(result[4:distances_at]))
    flat = Struct(f"<{count * count}I").unpack_from(result, distances_at)
    return nodes, [list(flat[row * count : (row + 1) * count]) for row in range(count)]


def parse_cpuinfo(result: bytes) -> list[float]:
    """Return the idle seconds of each online CPU."""
    return [nanoseconds / 1e9 for (nanoseconds,) in Struct("<Q").iter_unpack(_whole(result, 8))]


def parse_pcpu(number: int, version: bytes, info: bytes) -> PhysicalCpu | None:
    """Return one physical CPU; None if there is none of this number."""
    _, _, vendor, family, model, stepping = _unpack(_PCPU_VERSION, version, f"pcpu-version-{number}")
    _, _, flags, apic_id, _ = _unpack(_PCPU_INFO, info, f"pcpu-info-{number}")
    if flags & _PCPU_INVALID:
        return None
    return PhysicalCpu(
        number=number,
        is_online=bool(flags & _PCPU_ONLINE),
        apic_id=apic_id,
        vendor_id=vendor.rstrip(b"\0").decode("ascii", "replace"),
        family=family,
        model=model,
        stepping=stepping,
    )


def parse_max_present(version: bytes) -> int:
    """Return the highest number of a physical CPU that is present."""
    return int(_unpack(_PCPU_VERSION, version, "pcpu-version")[1])


def parse_policy(result: bytes) -> Leaves:
    """Parse a CPUID policy."""
    return {(leaf, sub): (a, b, c, d) for leaf, sub, a, b, c, d in _LEAF.iter_unpack(_whole(result, _LEAF.size))}


def parse_domains(result: bytes) -> list[DomainInfo]:
    """Return all domains, Domain-0 included."""
    item_bytes = int(_unpack(Struct("<I"), result, "domains")[0])
    if item_bytes < _DOMAIN_HEAD.size:
        raise ParseError("Xen hypercall domains", f"{item_bytes} bytes per domain")
    rows = _whole(result[4:], item_bytes)
    return [_domain(_DOMAIN_HEAD.unpack_from(rows, start)) for start in range(0, len(rows), item_bytes)]


def _domain(fields: tuple[Any, ...]) -> DomainInfo:
    return DomainInfo(
        id=fields[0],
        uuid=_uuid(fields[11].hex()),
        cpu_seconds=fields[8] / 1e9,
        pages=fields[2],
        online_vcpus=fields[9],
    )


def _uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _whole(result: bytes, item_bytes: int) -> bytes:
    return result[: len(result) // item_bytes * item_bytes]


def _unpack(layout: Struct, result: bytes, name: str) -> tuple[Any, ...]:
    try:
        return layout.unpack_from(result)
    except struct.error as error:
        raise ParseError(f"Xen hypercall {name}", str(error)) from error
