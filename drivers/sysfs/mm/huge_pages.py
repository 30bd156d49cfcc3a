"""Huge page pools, of the system and per node: Documentation/admin-guide/mm/hugetlbpage.rst."""

from hostinfo.model.memory import HugePagePool

from ...sources.field_reader import FieldReader


def read_pools(reader: FieldReader, field: str, folder: str) -> tuple[HugePagePool, ...]:
    """Return the pools in a directory such as /sys/kernel/mm/hugepages, by page size."""
    pools = []
    for name in reader.names(field, folder)[:64]:
        size = name.removeprefix("hugepages-").removesuffix("kB")
        if not (name.startswith("hugepages-") and name.endswith("kB") and size.isdecimal() and len(size) < 16):
            continue
        total = reader.number(field, f"{folder}/{name}/nr_hugepages")
        free = reader.number(field, f"{folder}/{name}/free_hugepages")
        if total is not None and free is not None:
            pools.append(
                HugePagePool(
                    size_bytes=int(size) * 1024,
                    total=total,
                    free=free,
                    reserved=reader.number(field, f"{folder}/{name}/resv_hugepages"),
                    surplus=reader.number(field, f"{folder}/{name}/surplus_hugepages"),
                )
            )
    return tuple(sorted(pools, key=lambda pool: pool.size_bytes))
