"""What the answers of hypercalls mean: bytes to values, by the layouts of Xen's public headers.

Each function takes the raw answer that ``privcmd`` (or a recording) gives, and raises ParseError where it is too short.
"""

from __future__ import annotations

import struct
from struct import Struct

from hostinfo.errors import ParseError
from hostinfo.record import record

NOT_THERE = 0xFFFFFFFF
"""Core, socket and node of a CPU that is not online (XEN_INVALID_CORE_ID and its kin)."""
NO_MEMORY = 0xFFFFFFFFFFFFFFFF
"""Memory of a node that does not exist (XEN_INVALID_MEM_SZ)."""
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
"""Where a domain's UUID stands in its row."""

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


def parse_interface(answer: bytes) -> int:
    """Version of the sysctl interface that the other answers speak."""
    return int(_unpack(Struct("<I"), answer, "interface")[0])


def parse_version(answer: bytes) -> str:
    """Xen's version, such as 4.17.7."""
    number = _unpack(Struct("<I"), answer, "version")[0]
    extra = answer[4:].split(b"\0")[0].decode("ascii", "replace")
    return f"{number >> 16}.{number & 0xFFFF}{extra}"


def parse_physinfo(answer: bytes, version: int) -> PhysInfo:
    """What the machine has, in one structure."""
    fields = _unpack(_PHYSINFO if version >= 0x15 else _PHYSINFO_OLD, answer, "physinfo")
    total_at = 10 if version >= 0x15 else 8
    return PhysInfo(
        threads_per_core=fields[0],
        cores_per_socket=fields[1],
        online_cpus=fields[2],
        cpu_khz=fields[6],
        total_pages=fields[total_at],
        free_pages=fields[total_at + 1],
    )


def parse_cputopo(answer: bytes) -> list[tuple[int, int, int]]:
    """Core, socket and node of each CPU; NOT_THERE where it is offline or does not exist."""
    return list(_CPUTOPO.iter_unpack(_whole(answer, _CPUTOPO.size)))


def parse_numainfo(answer: bytes) -> tuple[list[tuple[int, int]], list[list[int]]]:
    """Span and free bytes of each node (NO_MEMORY: no such node), and the distances from each to each."""
    count = _unpack(Struct("<I"), answer, "numainfo")[0]
    distances_at = 4 + count * _MEMINFO.size
    if count > 64 or len(answer) < distances_at + 4 * count * count:
        raise ParseError("Xen hypercall numainfo", f"{len(answer)} bytes for {count} nodes")
    nodes = list(_MEMINFO.iter_unpack(answer[4:distances_at]))
    flat = Struct(f"<{count * count}I").unpack_from(answer, distances_at)
    return nodes, [list(flat[row * count : (row + 1) * count]) for row in range(count)]


def parse_cpuinfo(answer: bytes) -> list[float]:
    """Idle seconds of each online CPU."""
    return [nanoseconds / 1e9 for (nanoseconds,) in Struct("<Q").iter_unpack(_whole(answer, 8))]


def parse_pcpu(number: int, version: bytes, info: bytes) -> PhysicalCpu | None:
    """One physical CPU; None where there is none of this number."""
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
    """Greatest number of a physical CPU that is present."""
    return int(_unpack(_PCPU_VERSION, version, "pcpu-version")[1])


def parse_policy(answer: bytes) -> Leaves:
    """A CPUID policy."""
    return {(leaf, sub): (a, b, c, d) for leaf, sub, a, b, c, d in _LEAF.iter_unpack(_whole(answer, _LEAF.size))}


def parse_domains(answer: bytes) -> list[DomainInfo]:
    """All domains, Domain-0 among them."""
    item_bytes = int(_unpack(Struct("<I"), answer, "domains")[0])
    if item_bytes < _DOMAIN_HEAD.size:
        raise ParseError("Xen hypercall domains", f"{item_bytes} bytes a domain")
    rows = _whole(answer[4:], item_bytes)
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


def _whole(answer: bytes, item_bytes: int) -> bytes:
    return answer[: len(answer) // item_bytes * item_bytes]


def _unpack(layout: Struct, answer: bytes, question: str) -> tuple[Any, ...]:
    try:
        return layout.unpack_from(answer)
    except struct.error as error:
        raise ParseError(f"Xen hypercall {question}", str(error)) from error
