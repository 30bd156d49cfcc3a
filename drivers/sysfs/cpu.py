"""CPUs: /proc/cpuinfo (proc_cpuinfo(5)) and /sys/devices/system/cpu (Documentation/admin-guide/cputopology.rst).

No reader branches on the architecture: it follows from the keys and directories that exist in the tree.
"""

from hostinfo.driver import RequestedFields
from hostinfo.errors import Unsupported
from hostinfo.fact import GroupResult
from hostinfo.model.cpu import Cpu

from ..sources.sources import Sources
from ..sources.tree import source_of
from .processor import CPU_DIR, cpu_identity, cpuinfo
from .processor.cpu_fields import IDENTITY, CpuFields

_PER_CPU = (
    "threads", "sockets", "cores", "threads_per_core", "caches", "kinds", "processors",
    "current_frequency_hz", "min_frequency_hz", "max_frequency_hz",
)  # fmt: skip


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
    if not cpu.values and not cpu.builder.problems and cpu.info() is None and not cpu.reader.tree.is_dir(CPU_DIR):
        raise Unsupported(f"/proc/cpuinfo, /{CPU_DIR}", "neither exists")
    return cpu.builder.build(Cpu(**cpu.values))


def _read_identity(cpu: CpuFields) -> None:
    info = cpu.info()
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
