"""Section "CPU": model, topology, frequencies, caches, packages, mitigations, flags."""

from __future__ import annotations

from hostinfo.output.text.packages import draw_packages, find_cores, group_by_socket
from hostinfo.output.text.style import DIM, Section, Style
from hostinfo.output.text.units import count, frequency, join_present, ranges, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hostinfo.model.cpu import Cache, Cpu
    from hostinfo.output.document import GroupReport


def render(style: Style, reports: Mapping[str, GroupReport]) -> list[str]:
    """Return the lines of the section."""
    value: Cpu = reports["cpu"].value  # type: ignore[assignment]
    section = Section(style, reports["cpu"], "CPU")
    _add_identity(section, value)
    section.row("Topology", describe_topology(value, style), "sockets", "cores", "threads", "processors")
    frequencies = ("min_frequency_hz", "max_frequency_hz", "current_frequency_hz")
    section.row("Frequency", _describe_frequencies(value, style), *frequencies)
    physical, virtual = value.address_bits_physical, value.address_bits_virtual
    bits = join_present(physical and f"{physical} bits physical", virtual and f"{virtual} bits virtual")
    section.row("Addresses", bits, "address_bits_physical", "address_bits_virtual")
    for kind in value.kinds:
        highest = frequency(kind.max_frequency_hz)
        cpus, capacity = f"{kind.name}: CPU {ranges(kind.cpus)}", kind.capacity and f"capacity {kind.capacity}"
        section.row("Kind", join_present(cpus, highest and f"up to {highest}", capacity), "kinds")
    for cache in value.caches:
        section.row(f"L{cache.level} {cache.type.lower()}", _describe_cache(cache, style), "caches")
    packages = draw_packages(value.processors, style)
    if packages:
        section.body += ["  " + style.colorize("Packages", DIM), *packages]
    _add_features(section, value)
    return section.lines()


def _add_identity(section: Section, value: Cpu) -> None:
    section.row("Model", value.model_name, "model_name")
    identity = join_present(
        value.vendor_id,
        value.family is not None and f"family {value.family}",
        value.model is not None and f"model {value.model}",
        value.stepping is not None and f"stepping {value.stepping}",
        value.revision and f"revision {value.revision}",
        value.microcode and f"microcode {value.microcode}",
        value.cpuid_level is not None and f"CPUID level {value.cpuid_level}",
    )
    section.row("Identity", identity, "vendor_id", "family", "model", "stepping", "microcode", "cpuid_level")


def _add_features(section: Section, value: Cpu) -> None:
    label = "Mitigations"
    for name, state in value.mitigations.items():
        if state != "Not affected":
            section.row(label, f"{name}: {state}", *(["mitigations"] if label else []))
            label = ""
    section.row("Bugs", " ".join(value.bugs), "bugs")
    section.row("Flags", " ".join(value.flags), "flags")
    if value.usable_flags is not None:
        section.row("Usable flags", " ".join(value.usable_flags), "usable_flags")


def describe_topology(value: Cpu, style: Style) -> str | None:
    """Return the product of sockets, cores and threads; only the totals if the topology is not regular."""
    sockets, cores, threads = value.sockets, value.cores, value.threads
    if sockets and cores and threads and cores % sockets == 0 and threads % cores == 0 and _is_regular(value):
        parts = (count(sockets, "socket"), count(cores // sockets, "core"), count(threads // cores, "thread"))
        return f"{f' {style.times} '.join(parts)} = {count(threads, 'CPU')}"
    return join_present(
        sockets is not None and count(sockets, "socket"),
        cores is not None and count(cores, "core"),
        threads is not None and count(threads, "CPU"),
    )


def _is_regular(value: Cpu) -> bool:
    """Whether all sockets have as many cores, and all cores as many threads."""
    shapes = {
        tuple(sorted(len(threads) for threads in find_cores(cpus).values()))
        for cpus in group_by_socket(value.processors).values()
    }
    return len(shapes) <= 1 and all(len(set(shape)) == 1 for shape in shapes)


def _describe_cache(cache: Cache, style: Style) -> str | None:
    one = size(cache.size_bytes) or "size unknown"
    return join_present(
        f"{cache.instances} {style.times} {one}" if cache.instances else one,
        cache.ways is not None and f"{cache.ways} ways",
        cache.line_bytes is not None and f"lines of {cache.line_bytes} B",
        (cache.cpus_per_instance or 0) > 1 and f"shared by {cache.cpus_per_instance} CPUs",
    )


def _describe_frequencies(value: Cpu, style: Style) -> str | None:
    low, high, now = value.min_frequency_hz, value.max_frequency_hz, value.current_frequency_hz
    if low and high:
        span = f"{frequency(low)} {style.dash} {frequency(high)}"
    else:
        span = f"up to {frequency(high)}" if high else f"from {frequency(low)}" if low else ""
    return join_present(span, now and f"now {frequency(now)}")
