"""Decoding of CPUID leaves: vendor, brand, signature, level, caches, address widths, flags by Linux' names.

The leaves are Xen's "raw" policy (the hardware's CPUID) or its "host" policy (what Xen allows to be used).
Layouts: Intel SDM volume 2 (CPUID), AMD APM volume 3 appendix E.
"""

from collections.abc import Iterable, Iterator
from struct import Struct

from hostinfo.model.cpu import Cache

from .cpu_flags import FLAGS
from .layouts import NO_SUBLEAF, Leaves

_TYPES = {1: "Data", 2: "Instruction", 3: "Unified"}
_WAYS_CODES = {2: 2, 4: 4, 6: 8, 8: 16, 10: 32, 11: 48, 12: 64, 13: 96, 14: 128}
"""AMD's codes of the associativity of L2 and L3 (leaf 0x80000006)."""


def registers(leaves: Leaves, leaf: int, subleaf: int | None = None) -> tuple[int, int, int, int]:
    """Return eax, ebx, ecx, edx; zeros for an absent leaf, as CPUID itself does."""
    return leaves.get((leaf, NO_SUBLEAF if subleaf is None else subleaf), (0, 0, 0, 0))


def vendor(leaves: Leaves) -> str | None:
    """Return the vendor string of twelve letters."""
    _, b, c, d = registers(leaves, 0)
    return _text(Struct("<3I").pack(b, d, c))


def level(leaves: Leaves) -> int | None:
    """Return the highest basic leaf."""
    return registers(leaves, 0)[0] if (0, NO_SUBLEAF) in leaves else None


def brand(leaves: Leaves) -> str | None:
    """Return the brand string without the spaces that some vendors put around it."""
    words = b"".join(Struct("<4I").pack(*registers(leaves, leaf)) for leaf in (0x80000002, 0x80000003, 0x80000004))
    return _text(words)


def signature(leaves: Leaves) -> tuple[int, int, int] | None:
    """Return family, model and stepping, with the extended fields added as the vendors specify."""
    eax = registers(leaves, 1)[0]
    if not eax:
        return None
    family, model = eax >> 8 & 0xF, eax >> 4 & 0xF
    if family in (6, 15):
        model |= (eax >> 16 & 0xF) << 4
    if family == 15:
        family += eax >> 20 & 0xFF
    return family, model, eax & 0xF


def address_bits(leaves: Leaves) -> tuple[int, int] | None:
    """Return the bits of a physical and of a virtual address."""
    eax = registers(leaves, 0x80000008)[0]
    return (eax & 0xFF, eax >> 8 & 0xFF) if eax else None


def flags(leaves: Leaves) -> tuple[str, ...]:
    """Return the features by name and in order of Linux' /proc/cpuinfo, without those that Linux defines itself."""
    return tuple(
        name
        for leaf, subleaf, register, names in FLAGS
        for bit, name in names.items()
        if registers(leaves, leaf, subleaf)[register] >> bit & 1
    )


def caches(leaves: Leaves, apic_ids: Iterable[int], core_count: int, socket_count: int) -> tuple[Cache, ...]:
    """Return each kind of cache; the number of instances in the machine follows from the CPUs that share one."""
    ids = list(apic_ids)
    leaf = 0x8000001D if (vendor(leaves) or "").startswith(("AuthenticAMD", "HygonGenuine")) else 4
    described = list(_deterministic(leaves, leaf, ids))
    return tuple(described or _legacy_amd(leaves, core_count, socket_count))


def _deterministic(leaves: Leaves, leaf: int, apic_ids: list[int]) -> Iterator[Cache]:
    """Yield the caches of leaf 4, or of AMD's leaf with the same layout."""
    for subleaf in range(16):
        a, b, c, _ = registers(leaves, leaf, subleaf)
        kind = _TYPES.get(a & 0x1F)
        if kind is None:
            return
        line, partitions, ways, sets = (b & 0xFFF) + 1, (b >> 12 & 0x3FF) + 1, (b >> 22) + 1, c + 1
        # CPUs whose APIC ids differ only in the bits below the number of sharers share the cache, as Linux counts
        sharers = (a >> 14 & 0xFFF) + 1
        groups = {apic_id >> (sharers - 1).bit_length() for apic_id in apic_ids}
        yield Cache(
            level=a >> 5 & 7,
            type=kind,
            size_bytes=line * partitions * ways * sets,
            ways=ways,
            line_bytes=line,
            sets=sets,
            instances=len(groups) or None,
            cpus_per_instance=len(apic_ids) // len(groups) if groups and len(apic_ids) % len(groups) == 0 else None,
        )


def _legacy_amd(leaves: Leaves, core_count: int, socket_count: int) -> Iterator[Cache]:
    """Yield the caches of AMD CPUs without topology extensions: L1 and L2 per core, L3 per package."""
    _, _, l1_data, l1_instructions = registers(leaves, 0x80000005)
    _, _, l2, l3 = registers(leaves, 0x80000006)
    for kind, word in (("Data", l1_data), ("Instruction", l1_instructions)):
        if word >> 24:
            yield _legacy(1, kind, (word >> 24) * 1024, word >> 16 & 0xFF, word & 0xFF, core_count)
    if l2 >> 16:
        yield _legacy(2, "Unified", (l2 >> 16) * 1024, _WAYS_CODES.get(l2 >> 12 & 0xF), l2 & 0xFF, core_count)
    if l3 >> 18:
        yield _legacy(3, "Unified", (l3 >> 18) * 512 * 1024, _WAYS_CODES.get(l3 >> 12 & 0xF), l3 & 0xFF, socket_count)


def _legacy(level: int, kind: str, size: int, ways: int | None, line: int, instances: int) -> Cache:
    sets = size // (ways * line) if ways and line else None
    return Cache(
        level=level,
        type=kind,
        size_bytes=size,
        ways=ways,
        line_bytes=line or None,
        sets=sets,
        instances=instances or None,
    )


def _text(raw: bytes) -> str | None:
    return " ".join(raw.split(b"\0")[0].decode("ascii", "replace").split()) or None
