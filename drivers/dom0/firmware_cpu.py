"""The machine's CPUs as a Dom0's firmware and files report them.

Source: SMBIOS type 4; /sys/devices/system/xen_cpu (Documentation/ABI/testing/sysfs-devices-xen_cpu); the part of the
Dom0's /proc/cpuinfo and cache files that Xen passes through.
"""

from __future__ import annotations

from hostinfo.errors import DriverError, Unavailable
from hostinfo.model.cpu import Cache, Cpu, Processor
from hostinfo.record import replace

from .firmware_tables import READ_FROM_XEN, read_tables, report_absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..sources.field_reader import FieldReader
    from ..sources.smbios.processor import ProcessorInfo
    from ..sources.tree import Tree

_XEN_CPU = "sys/devices/system/xen_cpu"
_CPUINFO = "/proc/cpuinfo"
_COUNTED = ("sockets", "cores", "threads", "threads_per_core", "processors")
_PASSED_THROUGH = ("vendor_id", "model_name", "family", "model", "stepping", "cpuid_level")
_FROM_XEN = {
    "flags": f"Xen hides some features from Dom0; {READ_FROM_XEN}",
    "current_frequency_hz": f"a Dom0's kernel does not see the machine's frequencies; {READ_FROM_XEN}",
}


def read_cpu(reader: FieldReader) -> Cpu:
    """Return the CPUs, and why fields that only Xen knows are missing."""
    builder = reader.builder
    value = Cpu()
    if builder.needs(*_COUNTED, "max_frequency_hz", *_PASSED_THROUGH):
        value = _processors(reader)
    if builder.needs("caches"):
        value = replace(value, caches=_cache_sizes(reader))
    for field, why in _FROM_XEN.items():
        if builder.needs(field):
            builder.add_problem(field, Unavailable(_CPUINFO, why))
    report_absent(builder, value, (*_COUNTED, *_PASSED_THROUGH, "address_bits_physical", "address_bits_virtual"))
    return value


def _processors(reader: FieldReader) -> Cpu:
    builder = reader.builder
    xen = _xen_cpus(reader)
    counts = ["sockets", "cores", "threads_per_core", "max_frequency_hz", *([] if xen else ["threads"])]
    checked = ("family", "model", "stepping")  # passed through, and compared with the firmware's
    tables = None
    if builder.needs(*counts, *checked):
        tables = read_tables(reader, [name for name in counts if builder.needs(name)])
    sockets = [info for info in tables.processors if info.is_populated] if tables and tables.is_complete else []
    return _counts(reader, _passed_through(reader, sockets), sockets, xen)


def _passed_through(reader: FieldReader, sockets: list[ProcessorInfo]) -> Cpu:
    """Return the CPU's identity from the real CPUID leaves, which Xen shows to Dom0.

    Numbers that the firmware contradicts are left out.
    """
    from ..sysfs.processor.cpu_identity import CpuIdentities
    from ..sysfs.processor.cpuinfo import parse_cpuinfo, parse_megahertz

    builder = reader.builder
    field = next((name for name in (*_PASSED_THROUGH, "processors", "max_frequency_hz") if builder.needs(name)), None)
    if field is None:
        return Cpu()
    try:
        info = parse_cpuinfo(reader.text(field, "proc/cpuinfo") or "")
    except DriverError as error:
        reader.report_once(field, error)
        return Cpu()
    identity = CpuIdentities(info).of(min(info.records, default=None))
    builder.record_source(f"{_CPUINFO} (passed through by Xen)", *_PASSED_THROUGH)
    family, model, stepping = identity.family, identity.model, identity.stepping
    by_firmware = _by_firmware(sockets)
    if by_firmware is not None and None not in (family, model, stepping) and by_firmware != (family, model, stepping):
        why = f"{by_firmware} in SMBIOS type 4, {(family, model, stepping)} in Dom0's {_CPUINFO}; {READ_FROM_XEN}"
        for name in ("family", "model", "stepping"):
            if builder.needs(name):
                builder.add_problem(name, Unavailable("family, model, stepping", why))
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


def _by_firmware(sockets: list[ProcessorInfo]) -> tuple[int, int, int] | None:
    """Return family, model and stepping from the sockets' processor IDs; None if they are absent or differ."""
    from ..sources.smbios.processor import split_signature

    signatures = {info.signature for info in sockets if info.signature is not None}
    return split_signature(signatures.pop()) if len(signatures) == 1 else None


def _xen_cpus(reader: FieldReader) -> dict[int, bool]:
    """Return the number of each physical CPU that Xen knows -> whether it is online."""
    if not reader.builder.needs("threads", "processors", "cores", "threads_per_core", "sockets"):
        return {}
    cpus: dict[int, bool] = {}
    for name in reader.names("threads", _XEN_CPU):
        digits = name.removeprefix("xen_cpu")
        if digits != name and digits.isdecimal() and len(digits) < 6:
            # the first CPU has no such file, because it cannot be taken offline
            cpus[int(digits)] = _is_online(reader.tree, f"{_XEN_CPU}/{name}/online")
    return dict(sorted(cpus.items()))


def _is_online(tree: Tree, path: str) -> bool:
    try:
        return tree.number(path) != 0
    except DriverError:
        return True


def _counts(reader: FieldReader, value: Cpu, sockets: list[ProcessorInfo], xen: dict[int, bool]) -> Cpu:
    """Add sockets, cores and threads, as far as the firmware and Xen agree."""
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
    # Dom0 measured this clock with an error of 1 or 2 %: firmware that reports less has not filled in its table
    measured = (value.current_frequency_hz or 0) * 98 // 100
    value = replace(
        value,
        sockets=len(sockets) or None,
        threads=online,
        max_frequency_hz=max((speed for speed in speeds if speed >= measured), default=None),
        current_frequency_hz=None,
        processors=_each_processor(value, xen),
    )
    if xen and all_threads is not None and all_threads != len(xen):
        why = f"SMBIOS type 4 has {all_threads} threads in {len(sockets)} sockets, Xen {len(xen)} CPUs; {READ_FROM_XEN}"
        for field in ("cores", "threads_per_core", *(("sockets",) if all_threads < len(xen) else ())):
            if builder.needs(field):
                builder.add_problem(field, Unavailable(f"{TABLE}, /{_XEN_CPU}", why))
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


def _each_processor(value: Cpu, xen: dict[int, bool]) -> tuple[Processor, ...]:
    """Return every CPU by Xen's number, without its location, which only Xen knows."""
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
    """Return kinds and sizes, which Xen passes through; their number and sharing it does not."""
    from ..sysfs.processor.caches import read_caches

    caches = read_caches(reader, 1).to_model()
    reader.builder.record_source("/sys/devices/system/cpu/cpu0/cache (passed through by Xen)", "caches")
    return tuple(replace(cache, instances=None, cpus_per_instance=None) for cache in caches)
