"""Section: processors as packages, cores, threads and caches, folded where they are regular."""

from hostinfo.cli.page.style import DIM, Section, Style, count, frequency, ranges, size, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hostinfo.dump import GroupReport
    from hostinfo.model.cpu import Cache, Cpu, Processor


def cpu(style: Style, told: "Mapping[str, GroupReport]") -> list[str]:
    """Model, topology, frequencies, caches, the packages as a tree, mitigations, flags."""
    value: Cpu = told["cpu"].value  # type: ignore[assignment]
    section = Section(style, told["cpu"], "CPU")
    section.row("Model", value.model_name, "model_name")
    identity = words(
        value.vendor_id,
        value.family is not None and f"family {value.family}",
        value.model is not None and f"model {value.model}",
        value.stepping is not None and f"stepping {value.stepping}",
        value.revision and f"revision {value.revision}",
        value.microcode and f"microcode {value.microcode}",
        value.cpuid_level is not None and f"CPUID level {value.cpuid_level}",
    )
    section.row("Identity", identity, "vendor_id", "family", "model", "stepping", "microcode", "cpuid_level")
    section.row("Topology", topology(value, style), "sockets", "cores", "threads", "processors")
    section.row("Frequency", _frequencies(value, style), "min_frequency_hz", "max_frequency_hz", "current_frequency_hz")
    physical, virtual = value.address_bits_physical, value.address_bits_virtual
    bits = words(physical and f"{physical} bits physical", virtual and f"{virtual} bits virtual")
    section.row("Addresses", bits, "address_bits_physical", "address_bits_virtual")
    for kind in value.kinds:
        top = frequency(kind.max_frequency_hz)
        capacity = kind.capacity and f"capacity {kind.capacity}"
        section.row("Kind", words(f"{kind.name}: CPU {ranges(kind.cpus)}", top and f"to {top}", capacity), "kinds")
    for cache in value.caches:
        section.row(f"L{cache.level} {cache.type.lower()}", _cache(cache, style), "caches")
    section.lines += _packages(value, style)
    mitigated = [f"{name}: {state}" for name, state in value.mitigations.items() if state != "Not affected"]
    for label, text in zip(["Mitigations", *[""] * len(mitigated)], mitigated, strict=False):
        section.row(label, text, *(["mitigations"] if label else []))
    section.row("Bugs", " ".join(value.bugs), "bugs")
    section.row("Flags", " ".join(value.flags), "flags")
    if value.usable_flags is not None:
        section.row("Usable flags", " ".join(value.usable_flags), "usable_flags")
    return section.lines if len(section.lines) > 1 else []


def topology(value: "Cpu", style: Style) -> str | None:
    """2 sockets of 8 cores of 2 threads, and how many CPUs that makes; the bare totals where they do not multiply."""
    sockets, cores, threads = value.sockets, value.cores, value.threads
    if sockets and cores and threads and cores % sockets == 0 and threads % cores == 0 and _is_regular(value):
        times = f" {style.times} "
        parts = (count(sockets, "socket"), count(cores // sockets, "core"), count(threads // cores, "thread"))
        return f"{times.join(parts)} = {count(threads, 'CPU')}"
    return words(
        sockets is not None and count(sockets, "socket"),
        cores is not None and count(cores, "core"),
        threads is not None and count(threads, "CPU"),
    )


def _is_regular(value: "Cpu") -> bool:
    shapes = {
        tuple(sorted(len(threads) for threads in _cores(cpus).values())) for cpus in _sockets(value.processors).values()
    }
    return len(shapes) <= 1 and all(len(set(shape)) == 1 for shape in shapes)


def _sockets(processors: "Iterable[Processor]") -> "dict[int | None, list[Processor]]":
    found: dict[int | None, list[Processor]] = {}
    for processor in processors:
        if processor.is_online:
            found.setdefault(processor.socket_id, []).append(processor)
    return found


def _cores(processors: "Iterable[Processor]") -> "dict[object, list[Processor]]":
    found: dict[object, list[Processor]] = {}
    for one in processors:
        known = one.core_id is not None
        key = (one.drawer_id, one.book_id, one.socket_id, one.die_id, one.core_id) if known else one.number
        found.setdefault(key, []).append(one)
    return found


def _packages(value: "Cpu", style: Style) -> list[str]:
    """A line a socket; below it one for each sort of its cores where there are several; offline CPUs at the end."""
    sockets = _sockets(value.processors)
    if len(value.processors) < 2 or set(sockets) == {None}:
        return []
    rows: list[tuple[int, str]] = []
    for number in sorted(sockets, key=lambda one: -1 if one is None else one):
        cpus = sockets[number]
        sorts: dict[tuple[int, str | None], list[Processor]] = {}
        cores = _cores(cpus)
        for threads in cores.values():
            sorts.setdefault((len(threads), threads[0].kind), []).extend(threads)
        nodes = {one.numa_node for one in cpus if one.numa_node is not None}
        node = f"NUMA node {ranges(tuple(nodes))}" if nodes else None
        name = "no socket told" if number is None else f"socket {number}"
        of_cpus = f"CPU {ranges([one.number for one in cpus])}"
        if len(sorts) == 1:
            rows.append((0, f"{name}: {_sort(cores, next(iter(sorts)), style)}, {words(of_cpus, node)}"))
            continue
        rows.append((0, f"{name}: {words(count(len(cores), 'core'), of_cpus, node)}"))
        for sort, members in sorts.items():
            numbers = ranges([one.number for one in members])
            rows.append((1, f"{_sort(_cores(members), sort, style)}, CPU {numbers}"))
    offline = [one.number for one in value.processors if not one.is_online]
    if offline:
        rows.append((0, f"offline: CPU {ranges(offline)}"))
    return ["  " + style.paint("Packages", DIM), *_tree(rows, style)]


def _sort(cores: "Mapping[object, list[Processor]]", sort: tuple[int, str | None], style: Style) -> str:
    threads, kind = sort
    name = f"{kind} core" if kind else "core"
    return f"{count(len(cores), name)} {style.times} {count(threads, 'thread')}"


def _tree(rows: list[tuple[int, str]], style: Style) -> list[str]:
    lines = []
    for at, (depth, text) in enumerate(rows):
        after = [level for level, _ in rows[at + 1 :]]
        is_last = next((level for level in after if level <= depth), -1) != depth
        has_more = any(level == 0 for level in after)
        lead = (style.bar if has_more else style.gap) if depth else ""
        lines.append("    " + lead + (style.last if is_last else style.fork) + text)
    return lines


def _cache(cache: "Cache", style: Style) -> str | None:
    one = size(cache.size_bytes) or "size not told"
    return words(
        f"{cache.instances} {style.times} {one}" if cache.instances else one,
        cache.ways is not None and f"{cache.ways} ways",
        cache.line_bytes is not None and f"lines of {cache.line_bytes} B",
        (cache.cpus_per_instance or 0) > 1 and f"shared by {cache.cpus_per_instance} CPUs",
    )


def _frequencies(value: "Cpu", style: Style) -> str | None:
    low, high, now = value.min_frequency_hz, value.max_frequency_hz, value.current_frequency_hz
    span = f"{frequency(low)} {style.dash} {frequency(high)}" if low and high else None
    top = f"to {frequency(high)}" if high else f"from {frequency(low)}" if low else None
    return words(span or top, now and f"now {frequency(now)}")
