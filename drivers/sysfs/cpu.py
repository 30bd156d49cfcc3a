"""CPUs: /proc/cpuinfo (proc_cpuinfo(5)) and /sys/devices/system/cpu (Documentation/admin-guide/cputopology.rst).

No reader branches on the architecture: it follows from the keys and directories that exist in the tree.
"""

from hostinfo.driver import RequestedFields
from hostinfo.errors import Unsupported
from hostinfo.fact import GroupResult
from hostinfo.model.cpu import Cpu

from ..sources.container_view import REASON
from ..sources.sources import Sources
from ..sources.tree import source_of
from .processor import CPU_DIR, cpu_identity, cpuinfo
from .processor.cpu_fields import IDENTITY, CpuFields

_PER_CPU = (
    "threads", "sockets", "cores", "threads_per_core", "caches", "kinds", "processors",
    "current_frequency_hz", "min_frequency_hz", "max_frequency_hz",
)  # fmt: skip
_CPUINFO = ("proc/cpuinfo",)
FILES = {
    **dict.fromkeys(
        (
            "vendor_id", "model_name", "family", "model", "stepping", "cpuid_level", "flags", "microcode", "bugs",
            "current_frequency_hz", "address_bits_physical", "address_bits_virtual",
        ),
        _CPUINFO,
    ),
    **dict.fromkeys(("revision", "usable_flags"), ("proc",)),
    **dict.fromkeys(("threads", "sockets", "cores", "threads_per_core", "processors"), (CPU_DIR, *_CPUINFO)),
    **dict.fromkeys(("caches", "kinds", "mitigations"), (CPU_DIR,)),
    **dict.fromkeys(("min_frequency_hz", "max_frequency_hz"), (f"{CPU_DIR}/cpufreq", f"{CPU_DIR}/cpu0/cpufreq")),
}  # fmt: skip
_COUNTS = ("threads", "sockets", "cores", "threads_per_core")


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Cpu]:
    """Read the CPUs that this kernel sees."""
    cpu = CpuFields(sources, fields)
    needs = cpu.builder.needs
    if needs(*IDENTITY, "microcode", "bugs", "address_bits_physical", "address_bits_virtual"):
        _read_identity(cpu)
    if needs("mitigations"):
        _read_mitigations(cpu)
    if needs(*_PER_CPU):
        from .processor.processors import ProcessorReader  # half of the modules: not needed for cpu.model_name

        ProcessorReader(cpu).read()
        _report_container(cpu)
    is_empty = not cpu.values and not cpu.builder.problems and cpu.identity_info() is None
    if is_empty and not cpu.reader.tree.is_dir(CPU_DIR):
        raise Unsupported(f"/proc/cpuinfo, /{CPU_DIR}", "neither exists")
    return cpu.builder.build(Cpu(**cpu.values))


def _report_container(cpu: CpuFields) -> None:
    """Add the reason for what a container's /proc/cpuinfo cannot say about the machine."""
    if not cpu.reader.container.covers("proc/cpuinfo"):
        return
    reported = {problem.path for problem in cpu.builder.problems}
    for field in (*_COUNTS, "current_frequency_hz"):
        if cpu.builder.needs(field) and field not in cpu.values and field not in reported:
            cpu.builder.unsupported(field, cpuinfo.SOURCE, REASON)
    if cpu.builder.needs("processors"):
        cpu.builder.unsupported("processors.model_name", cpuinfo.SOURCE, f"{REASON}, with numbers of its own")


def _read_identity(cpu: CpuFields) -> None:
    info = cpu.identity_info()
    if info is None:
        return
    first = min(info.records, default=None)
    identity = cpu_identity.CpuIdentities(info).of(first)
    cpu.set_fields(cpuinfo.SOURCE, **{field: getattr(identity, field) for field in IDENTITY})
    physical, virtual = cpu_identity.address_bits(info, first)
    cpu.set_fields(cpuinfo.SOURCE, address_bits_physical=physical, address_bits_virtual=virtual)
    cpu.set_fields(cpuinfo.SOURCE, bugs=tuple((info.get(first, "bugs") or "").split()))
    cpu.set_fields(cpuinfo.SOURCE, microcode=info.get(first, "microcode"))
    if cpu.builder.needs("microcode") and "microcode" not in cpu.values and info.get(first, "flags"):
        path = f"{CPU_DIR}/cpu{first or 0}/microcode/version"  # only here on x86 before Linux 3.3
        cpu.set_fields(source_of(path), microcode=cpu.reader.attribute("microcode", path))


def _read_mitigations(cpu: CpuFields) -> None:
    folder = f"{CPU_DIR}/vulnerabilities"
    found = {}
    for name in cpu.reader.names("mitigations", folder)[:256]:
        state = cpu.reader.attribute("mitigations", f"{folder}/{name}")
        if state is not None:
            found[name] = state
    cpu.set_fields(source_of(folder), mitigations=found or None)
