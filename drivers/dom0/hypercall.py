"""The driver ``xen``: hypercalls, which report the whole machine in a Dom0 without libvirt, as root."""

from __future__ import annotations

from functools import partial

from hostinfo.driver import Driver
from hostinfo.fact import FactBuilder

from ..sources.hypercall.connect import memoize, open_privcmd
from ..sources.hypercall.recording import record_hypercalls, replay_hypercalls
from ..sources.xen_role import DOM0, read_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import RequestedFields
    from hostinfo.driver_factory import DriverFactory, ReplyStore
    from hostinfo.fact import GroupResult
    from hostinfo.model.cpu import Cpu
    from hostinfo.model.memory import Memory
    from hostinfo.model.numa import Numa
    from hostinfo.model.statistics import Statistics

    from ..sources.hypercall.connect import Hypercall, OpenHypercalls
    from ..sources.hypercall.domain_exits import DomainExitTracker
    from ..sources.sources import Sources

NAME = "xen"
NO_AVAILABLE = "it has no cache to reclaim: free_bytes is all that is available"


def open_driver(_uri: str | None) -> Driver | None:
    """Open this Dom0's hypercalls. There is no URI for them: ``xen:///system`` is libvirt's."""
    from ..sources.local import local_sources

    return build_driver(local_sources(), open_privcmd)


def record_driver(
    factory: DriverFactory, uri: str | None, store: ReplyStore, sources: Sources | None
) -> DriverFactory | None:
    """Record the hypercalls of this Dom0."""
    is_recorded = uri is None or uri.startswith("xen:")
    if sources is None or not is_recorded or read_role(sources.tree) != DOM0:
        return None
    return factory.for_recording(None, partial(build_driver, sources, record_hypercalls(store, open_privcmd)))


def replay_driver(factory: DriverFactory, store: ReplyStore, sources: Sources) -> DriverFactory | None:
    """Replay recorded hypercalls."""
    return factory.for_recording(None, partial(build_driver, sources, replay_hypercalls(store)))


def build_driver(sources: Sources, connect: OpenHypercalls) -> Driver | None:
    """Connect to Xen; None outside a Dom0, Unavailable in a Dom0 that may not make hypercalls."""
    if read_role(sources.tree) != DOM0:
        return None
    hypercall, close = connect()
    from ..sources.hypercall.domain_exits import DomainExitTracker

    return Driver(
        name=NAME,
        cpu=partial(_read_cpu, hypercall),
        memory=partial(_read_memory, sources, hypercall),
        numa=partial(_read_numa, hypercall),
        statistics=partial(_read_statistics, sources, hypercall, DomainExitTracker()),
        close=close,
    )


def _read_cpu(hypercall: Hypercall, fields: RequestedFields) -> GroupResult[Cpu]:
    from .hypercall_cpu import read_cpu

    builder = FactBuilder(NAME, fields)
    return builder.build(read_cpu(memoize(hypercall), builder))


def _read_memory(sources: Sources, hypercall: Hypercall, fields: RequestedFields) -> GroupResult[Memory]:
    from . import firmware
    from .hypercall_memory import read_memory

    builder = FactBuilder(NAME, fields)
    slots = firmware.read_memory(sources, fields)
    builder.merge(slots, except_for=("total_bytes", "free_bytes", "page_bytes", "available_bytes"))
    if builder.needs("available_bytes"):
        builder.unsupported("available_bytes", "Xen", NO_AVAILABLE)
    return builder.build(read_memory(memoize(hypercall), builder, slots.value))


def _read_numa(hypercall: Hypercall, fields: RequestedFields) -> GroupResult[Numa]:
    from .hypercall_memory import read_numa

    builder = FactBuilder(NAME, fields)
    return builder.build(read_numa(memoize(hypercall), builder))


def _read_statistics(
    sources: Sources, hypercall: Hypercall, exits: DomainExitTracker, fields: RequestedFields
) -> GroupResult[Statistics]:
    from ..sysfs.statistics import read_in_dom0
    from .hypercall_statistics import add_hypervisor_fields
    from .statistics import HYPERVISOR_FIELDS, merge_control_domain

    builder = FactBuilder(NAME, fields)
    control_domain = read_in_dom0(sources, fields)
    if not builder.needs(*HYPERVISOR_FIELDS):
        return control_domain
    merge_control_domain(builder, control_domain)
    return builder.build(add_hypervisor_fields(memoize(hypercall), builder, control_domain.value, exits))
