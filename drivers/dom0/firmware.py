"""What a Xen Dom0 can tell of the machine without asking Xen.

That is the firmware's tables, Xen's list of CPUs, and of Dom0's own /proc/cpuinfo what Xen passes through. All
that Dom0's kernel counts (CPUs, memory, nodes, who shares a cache) is its own share, and is left out here; ``domain``
has it. Source: SMBIOS types 4, 16, 17; /sys/devices/system/xen_cpu (Documentation/ABI/testing/sysfs-devices-xen_cpu).
"""

from hostinfo.driver import RequestedFields
from hostinfo.errors import DriverError, ParseError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.cpu import Cache, Cpu, Processor
from hostinfo.model.memory import Memory
from hostinfo.record import replace

from ..sources.field_reader import FieldReader
from ..sources.sources import Sources
from ..sources.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..sources.smbios import Tables
    from ..sources.smbios.processor import ProcessorInfo

_ASK_XEN = "run as root, or start libvirtd, to ask Xen"
WHY_NOT = {"numa": f"a Dom0's kernel knows one node, its own; {_ASK_XEN}"}
"""Groups that nobody can tell from a Dom0's kernel, for ``Driver.unsupported_reasons``."""

_XEN_CPU = "sys/devices/system/xen_cpu"
_CPUINFO = "/proc/cpuinfo"
_COUNTED = ("sockets", "cores", "threads", "threads_per_core", "processors")
_PASSED = ("vendor_id", "model_name", "family", "model", "stepping", "cpuid_level")
_SLOTS = ("installed_bytes", "maximum_bytes", "slots", "error_correction", "dimms")
_CPU_NOT_TOLD = {
    "flags": f"Xen hides some features from Dom0; {_ASK_XEN}",
    "current_frequency_hz": f"a Dom0's kernel does not see the machine's frequencies; {_ASK_XEN}",
}
_MEMORY_NOT_TOLD = {
    "total_bytes": f"Dom0's MemTotal is its own share; {_ASK_XEN}",
    "free_bytes": f"Dom0's MemFree is its own; {_ASK_XEN}",
    "available_bytes": f"Dom0's MemAvailable is its own; {_ASK_XEN}",
}


def read_cpu(sources: Sources, fields: RequestedFields) -> GroupResult[Cpu]:
    """Processors of the machine."""
    builder = FactBuilder("sysfs", fields)
    reader = FieldReader(sources.tree, builder)
    value = Cpu()
    if builder.needs(*_COUNTED, "max_frequency_hz", *_PASSED):
        value = _processors(reader)
    if builder.needs("caches"):
        value = replace(value, caches=_cache_sizes(reader))
    for field, why in _CPU_NOT_TOLD.items():
        if builder.needs(field):
            builder.unsupported(field, _CPUINFO, why)
    return builder.build(value)


def read_memory(sources: Sources, fields: RequestedFields) -> GroupResult[Memory]:
    """The slots of the machine and what is in them."""
    from ..sources.smbios import TABLE
    from ..sources.smbios.installed import installed_memory

    builder = FactBuilder("sysfs", fields)
    wanted = [field for field in _SLOTS if builder.needs(field)]
    value = Memory()
    tables = _tables(FieldReader(sources.tree, builder), wanted[0]) if wanted else None
    if tables is not None:
        installed = installed_memory(tables)
        builder.record_source(f"{TABLE} types 16 and 17", *wanted)
        value = replace(value, **{field: getattr(installed, field) for field in wanted})
    for field, why in _MEMORY_NOT_TOLD.items():
        if builder.needs(field):
            builder.unsupported(field, "/proc/meminfo", why)
    return builder.build(value)


def _tables(reader: FieldReader, field: str) -> "Tables | None":
    """The firmware's tables; their faults are noted at the field."""
    from ..sources.smbios import TABLE, read_smbios

    try:
        tables = read_smbios(reader.tree)
    except DriverError as error:
        reader.report_once(field, error)
        return None
    if tables is None:
        reader.builder.unsupported(field, TABLE, "the firmware describes nothing")
    elif not tables.is_complete:
        reader.report_once(field, ParseError(TABLE, "; ".join(tables.problems)))
    return tables


def _processors(reader: FieldReader) -> Cpu:
    builder = reader.builder
    xen = _xen_cpus(reader)
    needed = ("sockets", "cores", "threads_per_core", "max_frequency_hz", *_PASSED[2:5], *(() if xen else ("threads",)))
    field = next((name for name in needed if builder.needs(name)), None)
    tables = _tables(reader, field) if field is not None else None
    sockets = [info for info in tables.processors if info.is_populated] if tables and tables.is_complete else []
    return _counts(reader, _passed_through(reader, sockets), sockets, xen)


def _passed_through(reader: FieldReader, sockets: "list[ProcessorInfo]") -> Cpu:
    """What the CPU is: Xen shows Dom0 the real leaves. Numbers that the firmware contradicts are left out."""
    from ..sysfs.processor.cpu_identity import CpuIdentities
    from ..sysfs.processor.cpuinfo import parse_cpuinfo, parse_megahertz

    builder = reader.builder
    field = next((name for name in (*_PASSED, "processors", "max_frequency_hz") if builder.needs(name)), None)
    if field is None:
        return Cpu()
    try:
        info = parse_cpuinfo(reader.text(field, "proc/cpuinfo") or "")
    except DriverError as error:
        reader.report_once(field, error)
        return Cpu()
    identity = CpuIdentities(info).of(min(info.records, default=None))
    builder.record_source(f"{_CPUINFO} (passed through by Xen)", *_PASSED)
    family, model, stepping = identity.family, identity.model, identity.stepping
    by_firmware = _by_firmware(sockets)
    if by_firmware is not None and None not in (family, model, stepping) and by_firmware != (family, model, stepping):
        why = f"{by_firmware} in SMBIOS type 4, {(family, model, stepping)} in Dom0's {_CPUINFO}; {_ASK_XEN}"
        for name in ("family", "model", "stepping"):
            if builder.needs(name):
                builder.unsupported(name, "family, model, stepping", why)
        family = model = stepping = None
    elif by_firmware is not None:
        family, model, stepping = by_firmware
    return Cpu(
        current_frequency_hz=parse_megahertz(info.get(0, "cpu MHz")),
        vendor_id=identity.vendor_id,
        model_name=identity.model_name,
        family=family,
        model=model,
        stepping=stepping,
        cpuid_level=identity.cpuid_level,
    )


def _by_firmware(sockets: "list[ProcessorInfo]") -> tuple[int, int, int] | None:
    """Family, model and stepping from the sockets' processor IDs; None where they differ or are not told."""
    from ..sources.smbios.processor import split_signature

    told = {info.signature for info in sockets if info.signature is not None}
    return split_signature(told.pop()) if len(told) == 1 else None


def _xen_cpus(reader: FieldReader) -> dict[int, bool]:
    """Number of each physical CPU that Xen knows -> whether it is online."""
    if not reader.builder.needs("threads", "processors", "cores", "threads_per_core", "sockets"):
        return {}
    cpus: dict[int, bool] = {}
    for name in reader.names("threads", _XEN_CPU):
        digits = name.removeprefix("xen_cpu")
        if digits != name and digits.isdecimal() and len(digits) < 6:
            # the first CPU has no such file: it can't be taken offline
            cpus[int(digits)] = _is_online(reader.tree, f"{_XEN_CPU}/{name}/online")
    return dict(sorted(cpus.items()))


def _is_online(tree: Tree, path: str) -> bool:
    try:
        return tree.number(path) != 0
    except DriverError:
        return True


def _counts(reader: FieldReader, value: Cpu, sockets: "list[ProcessorInfo]", xen: dict[int, bool]) -> Cpu:
    """Sockets, cores and threads, as far as the firmware and Xen agree."""
    from ..sources.smbios import TABLE

    builder = reader.builder
    source = f"{TABLE} type 4"
    builder.record_source(source, "sockets", "cores", "threads_per_core", "max_frequency_hz")
    builder.record_source(f"/{_XEN_CPU}" if xen else source, "threads", "processors")
    cores = [info.cores_enabled or info.cores for info in sockets]
    threads = [info.threads for info in sockets]
    all_threads = sum(count for count in threads if count) if threads and all(threads) else None
    online = sum(xen.values()) or all_threads
    speeds = [info.max_frequency_hz for info in sockets if info.max_frequency_hz is not None]
    # the clock that Dom0 measured, one or two percent off: firmware that claims less has not filled in its table
    measured = (value.current_frequency_hz or 0) * 98 // 100
    value = replace(
        value,
        sockets=len(sockets) or None,
        threads=online,
        max_frequency_hz=max((speed for speed in speeds if speed >= measured), default=None),
        current_frequency_hz=None,
        processors=_each(value, xen),
    )
    if xen and all_threads is not None and all_threads != len(xen):
        why = f"SMBIOS type 4 has {all_threads} threads in {len(sockets)} sockets, Xen {len(xen)} CPUs; {_ASK_XEN}"
        for field in ("cores", "threads_per_core", *(("sockets",) if all_threads < len(xen) else ())):
            if builder.needs(field):
                builder.unsupported(field, f"{TABLE}, /{_XEN_CPU}", why)
        return replace(value, sockets=None) if all_threads < len(xen) else value
    if not cores or not all(cores):
        return value
    per_core = [-(-count // core) for count, core in zip(threads, cores, strict=True) if count and core]
    are_all_online = not xen or online == len(xen)
    return replace(
        value,
        cores=sum(count for count in cores if count),
        threads_per_core=max(per_core, default=None) if are_all_online else None,
    )


def _each(value: Cpu, xen: dict[int, bool]) -> tuple[Processor, ...]:
    """Every CPU by Xen's number; where in the machine it stands only Xen knows."""
    return tuple(
        Processor(
            number=number,
            is_online=is_online,
            vendor_id=value.vendor_id,
            model_name=value.model_name,
            family=value.family,
            model=value.model,
            stepping=value.stepping,
            cpuid_level=value.cpuid_level,
        )
        for number, is_online in xen.items()
    )


def _cache_sizes(reader: FieldReader) -> tuple[Cache, ...]:
    """Kinds and sizes, which Xen passes through; how many there are and who shares them it does not."""
    from ..sysfs.processor.caches import read_caches

    caches = read_caches(reader, 1).to_model()
    reader.builder.record_source("/sys/devices/system/cpu/cpu0/cache (passed through by Xen)", "caches")
    return tuple(replace(cache, instances=None, cpus_per_instance=None) for cache in caches)
