"""CPU time and memory of all domains together, beside what the Dom0's kernel counts for itself."""

from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.statistics import CpuTime, MemoryUse, Statistics
from hostinfo.record import replace

from ..sources.hypercall import layouts as answers
from .hypercall import Ask
from .readers import PAGE_BYTES, physinfo

TOLD = ("cpu", "cpus", "memory")
"""What a Dom0's kernel can't tell and the hypervisor can."""
NO_UPTIME = "it does not tell since when it runs; the Dom0 (control_domain) started a moment after it"


def read_statistics(ask: Ask, builder: FactBuilder, own: GroupResult[Statistics], ended: "Ended") -> Statistics:
    """The hypervisor's figures in place of those that the Dom0's kernel can't tell."""
    domains = answers.parse_domains(ask("domains"))
    idle = answers.parse_cpuinfo(ask("cpuinfo"))
    info = physinfo(ask)
    builder.record_source("Xen hypercalls getdomaininfolist, getcpuinfo", "cpu")
    builder.record_source("Xen hypercall physinfo", "cpus", "memory")
    return replace(
        own.value,
        is_discontinuous=ended.since_before({domain.id for domain in domains}),
        cpu=CpuTime(busy_seconds=sum(domain.cpu_seconds for domain in domains), idle_seconds=sum(idle)),
        cpus=info.online_cpus,
        memory=MemoryUse(total_bytes=info.total_pages * PAGE_BYTES, free_bytes=info.free_pages * PAGE_BYTES),
    )


class Ended:
    """Remembers which domains there were, to tell whether one ended."""

    def __init__(self) -> None:
        self._before: set[int] = set()

    def since_before(self, now: set[int]) -> bool:
        """Whether a domain of the question before is gone."""
        gone = self._before - now
        self._before = now
        return bool(gone)
