"""Count cores and sockets as a program does that groups the processors by their first CPUs."""

from hostinfo.model.cpu import Cpu

GROUPS = {"cores": "core_first_cpu", "sockets": "socket_first_cpu"}


def count_groups(cpu: Cpu) -> dict[str, int | None]:
    """Return the numbers of cores and sockets; None where the CPUs have no first CPU."""
    online = [processor for processor in cpu.processors if processor.is_online]
    found: dict[str, int | None] = {}
    for count, field in GROUPS.items():
        values = {getattr(processor, field) for processor in online}
        found[count] = len(values) if None not in values else None
    return found


def assert_groups_agree(cpu: Cpu) -> None:
    """Assert that grouping yields the reported counts, and that each group is named by one of its own CPUs."""
    if any(
        processor.core_id is not None for processor in cpu.processors
    ):  # a Dom0's firmware has counts without locations
        assert count_groups(cpu) == {count: getattr(cpu, count) for count in GROUPS}
    numbers = {processor.number: processor for processor in cpu.processors}
    for field in ("core_first_cpu", "cluster_first_cpu", "die_first_cpu", "socket_first_cpu"):
        for processor in cpu.processors:
            first = getattr(processor, field)
            if first is not None:
                assert first <= processor.number
                assert getattr(numbers[first], field) == first
    for processor in cpu.processors:
        # a core lies within one cluster, die and socket
        if processor.core_first_cpu is not None:
            sibling = numbers[processor.core_first_cpu]
            for field in ("cluster_first_cpu", "die_first_cpu", "socket_first_cpu"):
                assert getattr(sibling, field) == getattr(processor, field)
