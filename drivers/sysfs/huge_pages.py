"""Pools of huge pages: /sys/kernel/mm/hugepages, and each node's; Documentation/admin-guide/mm/hugetlbpage.rst."""

from hostinfo.model.memory import HugePagePool

from .processor.field_reader import Reading


def read_pools(reading: Reading, field: str, folder: str) -> tuple[HugePagePool, ...]:
    """The pools under a folder, by the size of their pages."""
    pools = []
    for name in reading.names(field, folder)[:64]:
        size = name.removeprefix("hugepages-").removesuffix("kB")
        if not (name.startswith("hugepages-") and name.endswith("kB") and size.isdecimal() and len(size) < 16):
            continue
        total = reading.number(field, f"{folder}/{name}/nr_hugepages")
        free = reading.number(field, f"{folder}/{name}/free_hugepages")
        if total is not None and free is not None:
            pools.append(
                HugePagePool(
                    size_bytes=int(size) * 1024,
                    total=total,
                    free=free,
                    reserved=reading.number(field, f"{folder}/{name}/resv_hugepages"),
                    surplus=reading.number(field, f"{folder}/{name}/surplus_hugepages"),
                )
            )
    return tuple(sorted(pools, key=lambda pool: pool.size_bytes))
