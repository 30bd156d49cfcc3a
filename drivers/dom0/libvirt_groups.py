"""A Dom0's groups from libvirt, completed by what the kernel, hypercalls or the firmware report."""

from __future__ import annotations

from hostinfo.errors import DriverError, HostInfoError
from hostinfo.fact import FactBuilder
from hostinfo.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult
    from hostinfo.model.cpu import Cpu
    from hostinfo.model.memory import Memory
    from hostinfo.model.statistics import Statistics
    from hostinfo.model.system import System

    from ..libvirt.host import LibvirtHost
    from ..sources.hypercall.connect import OpenHypercalls
    from ..sources.hypercall.domain_exits import DomainExitTracker
    from ..sources.sources import Sources


def read_system(sources: Sources, host: LibvirtHost, fields: RequestedFields) -> GroupResult[System]:
    """Read what the kernel knows of the firmware; fields that this user may not read there come from libvirt."""
    from ..libvirt.system import read_system as read_from_libvirt
    from ..sysfs.absent_fields import add_reasons
    from ..sysfs.system import FILES
    from ..sysfs.system import read as read_from_kernel

    kernel = add_reasons(read_from_kernel(sources, fields), FILES, sources.tree, fields)
    unread = {problem.path for problem in kernel.problems if isinstance(problem.error, DriverError)}
    if not unread:
        return kernel
    reported = read_from_libvirt(host, fields).value
    builder = FactBuilder(host.driver, fields)
    value = kernel.value
    filled = set()
    for path in unread:
        group, _, field = path.rpartition(".")
        part = getattr(reported, group, None) if group else reported
        text = getattr(part, field, None)
        if text is None or (group and getattr(value, group) is None):
            continue
        filled.add(path)
        value = replace(value, **{group: replace(getattr(value, group), **{field: text})} if group else {field: text})
    for path, source in kernel.sources.items():
        builder.record_source(source, path)
    builder.problems += [problem for problem in kernel.problems if problem.path not in filled]
    builder.record_source("libvirt getSysinfo", *filled)
    return builder.build(value)


def read_cpu(sources: Sources, host: LibvirtHost, connect: OpenHypercalls, fields: RequestedFields) -> GroupResult[Cpu]:
    """Read the CPUs: identity by hypercalls or from the firmware, topology from libvirt."""
    from ..libvirt.cpu import add_topology

    builder = FactBuilder(host.driver, fields)
    from_libvirt = ["sockets", "cores", "threads", "threads_per_core", "processors"]
    base_fields = fields
    if fields is not None and builder.needs(*from_libvirt):
        base_fields = fields | {"processors"}  # CPUs that Xen has taken offline change all counts
    base = _hypercalls_or_firmware("cpu", sources, connect, base_fields)
    if not builder.needs(*from_libvirt, "current_frequency_hz"):
        return base
    cpu = base.value
    if cpu.current_frequency_hz is None:
        from_libvirt.append("current_frequency_hz")
        cpu = replace(cpu, current_frequency_hz=host.frequency_hz())
        builder.record_source("libvirt getInfo", "current_frequency_hz")
    if not cpu.flags and builder.needs("flags"):
        from_libvirt.append("flags")
        why = "it lists only some of them; a user who may make hypercalls gets all from Xen"
        builder.unsupported("flags", "libvirt capabilities", why)
    builder.merge(base, except_for=from_libvirt)
    return builder.build(add_topology(host, builder, cpu))


def read_memory(
    sources: Sources, host: LibvirtHost, connect: OpenHypercalls, fields: RequestedFields
) -> GroupResult[Memory]:
    """Read the memory: the exact total by hypercalls, what is free from libvirt, the slots from the firmware."""
    from ..libvirt.memory import add_xen_memory
    from .hypercall import NO_AVAILABLE

    base = _hypercalls_or_firmware("memory", sources, connect, fields)
    builder = FactBuilder(host.driver, fields)
    from_libvirt = ["free_bytes", "available_bytes"]
    if not base.value.total_bytes:
        from_libvirt.append("total_bytes")
    builder.merge(base, except_for=from_libvirt)
    if builder.needs("available_bytes"):
        builder.unsupported("available_bytes", "Xen", NO_AVAILABLE)
    return builder.build(add_xen_memory(host, builder, base.value))


def read_statistics(
    sources: Sources, host: LibvirtHost, exits: DomainExitTracker, fields: RequestedFields
) -> GroupResult[Statistics]:
    """Read the counters of all domains, together with the Dom0's own."""
    from ..libvirt.statistics import add_hypervisor_fields
    from ..sysfs.statistics import read_in_dom0
    from .statistics import merge_control_domain

    builder = FactBuilder(host.driver, fields)
    control_domain = read_in_dom0(sources, fields)
    merge_control_domain(builder, control_domain)
    builder.record_source("libvirt getType", "scope")
    builder.record_source("clock", "time")
    return builder.build(add_hypervisor_fields(host, builder, control_domain.value, exits))


def _hypercalls_or_firmware(
    group: str, sources: Sources, connect: OpenHypercalls, fields: RequestedFields
) -> GroupResult[Any]:
    from . import firmware, hypercall

    try:
        driver = hypercall.build_driver(sources, connect)
        if driver is not None:
            try:
                return driver.readers[group](fields)
            finally:
                if driver.close is not None:
                    driver.close()
    except HostInfoError:
        pass  # an ordinary user may not make hypercalls; the driver "xen" reports why when it is opened itself
    read: Any = firmware.read_cpu if group == "cpu" else firmware.read_memory
    result: GroupResult[Any] = read(sources, fields)
    return result
