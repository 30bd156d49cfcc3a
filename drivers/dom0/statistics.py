"""Statistics of the whole machine in place of those that the Dom0's kernel counts for itself alone."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.fact import FactBuilder, GroupResult
    from hostinfo.model.statistics import Statistics

HYPERVISOR_FIELDS = ("cpu", "cpus", "memory")
"""Fields that the Dom0's kernel cannot count for the machine, and the hypervisor can."""
_NO_UPTIME = "it does not report when it started; the Dom0 (control_domain) started shortly after it"


def merge_control_domain(builder: FactBuilder, control_domain: GroupResult[Statistics]) -> None:
    """Take over sources and problems of the Dom0's own statistics, except those of the hypervisor's fields."""
    builder.merge(control_domain, except_for=(*HYPERVISOR_FIELDS, "uptime_seconds"))
    if builder.needs("uptime_seconds"):
        builder.unsupported("uptime_seconds", "Xen", _NO_UPTIME)
