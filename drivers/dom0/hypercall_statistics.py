"""CPU time of all domains and the memory of the machine, from Xen."""

from __future__ import annotations

from hostinfo.model.statistics import CpuTime, MemoryUse, Statistics
from hostinfo.record import replace

from ..sources.hypercall import layouts
from .hypercall_memory import PAGE_BYTES, read_physinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.fact import FactBuilder

    from ..sources.hypercall.connect import Hypercall
    from ..sources.hypercall.domain_exits import DomainExitTracker


def add_hypervisor_fields(
    hypercall: Hypercall, builder: FactBuilder, control_domain: Statistics, exits: DomainExitTracker
) -> Statistics:
    """Return the Dom0's statistics with the hypervisor's figures in the fields of the whole machine."""
    domains = layouts.parse_domains(hypercall("domains"))
    idle = layouts.parse_cpuinfo(hypercall("cpuinfo"))
    info = read_physinfo(hypercall)
    builder.record_source("Xen hypercalls getdomaininfolist, getcpuinfo", "cpu")
    builder.record_source("Xen hypercall physinfo", "cpus", "memory")
    return replace(
        control_domain,
        is_discontinuous=exits.update({domain.id for domain in domains}),
        cpu=CpuTime(busy_seconds=sum(domain.cpu_seconds for domain in domains), idle_seconds=sum(idle)),
        cpus=info.online_cpus,
        memory=MemoryUse(total_bytes=info.total_pages * PAGE_BYTES, free_bytes=info.free_pages * PAGE_BYTES),
    )
