"""Parse the output of lscpu: the summary, and the table of `lscpu -p` after it."""

import re

_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def published(text: str) -> dict[str, object]:
    """Return the values that hostinfo has too, by its names."""
    head, *tables = text.split("\n\n")
    summary: dict[str, str] = {}
    for line in head.split("\n"):
        key, _, value = line.partition(":")
        summary.setdefault(key, value.strip())
    found: dict[str, object] = _of_table(tables[0]) if tables else {}
    found["processors"] = int(summary["CPU(s)"])
    found["online"] = numbers(summary["On-line CPU(s) list"])
    found["nodes"] = int(summary.get("NUMA node(s)", "0"))
    for key, cpus in summary.items():
        if node := re.fullmatch(r"NUMA node(\d+) CPU\(s\)", key):
            found[f"node {node[1]}"] = numbers(cpus)
    texts = {"vendor_id": "Vendor ID", "model_name": "Model name", "microcode": "Microcode version", "flags": "Flags"}
    for ours, theirs in texts.items():
        if summary.get(theirs, "-") != "-":
            found[ours] = summary[theirs]
    if "ISA" in summary:
        found["flags"] = summary["ISA"]
    if summary.get("CPU family", "-").isdecimal():
        found["family"], found["model"] = int(summary["CPU family"]), int(summary["Model"])
    if "Machine type" in summary:
        found["model"] = int(summary["Machine type"])
    stepping = summary.get("Stepping", "")
    if stepping:
        found["stepping" if stepping.isdecimal() else "revision"] = int(stepping) if stepping.isdecimal() else stepping
    if "pvr" in summary.get("Model", ""):
        found["revision"] = summary["Model"]
    found["threads_per_core"] = int(summary["Thread(s) per core"])
    for ours, theirs in {"min_frequency_hz": "CPU min MHz", "max_frequency_hz": "CPU max MHz"}.items():
        if theirs in summary:
            found[ours] = round(float(summary[theirs]) * 1_000_000)
    if "Address sizes" in summary:
        physical, virtual = re.findall(r"(\d+) bits", summary["Address sizes"])
        found["address_bits_physical"], found["address_bits_virtual"] = int(physical), int(virtual)
    found |= _caches(summary)
    states = {key.removeprefix("Vulnerability "): value for key, value in summary.items() if "Vulnerability" in key}
    for key, value in states.items():
        found[f"mitigation {key.lower().replace(' ', '_')}"] = without_punctuation(value)
    return found


def without_punctuation(state: str) -> str:
    """Return a mitigation without colons and semicolons, which lscpu changes."""
    return state.replace(":", "").replace(";", "")


def numbers(text: str) -> tuple[int, ...]:
    """Return the CPUs of a list; a range may have a stride: 0-62:2."""
    found: list[int] = []
    for part in filter(None, text.split(",")):
        cpus, _, stride = part.partition(":")
        first, _, last = cpus.partition("-")
        found += range(int(first), int(last or first) + 1, int(stride or 1))
    return tuple(sorted(found))


def _of_table(table: str) -> dict[str, object]:
    """Return the numbers of distinct values in the columns of the first table, which are unique per machine."""
    lines = table.strip().split("\n")
    header = next(line for line in lines if line.startswith("# CPU"))[2:].split(",")
    rows = [line.split(",") for line in lines if not line.startswith("#")]
    columns = {name: [row[index] for row in rows] for index, name in enumerate(header) if name}
    counts = {name: len(set(values) - {"", "-"}) for name, values in columns.items()}
    node_of = {
        int(row[0]): int(row[header.index("Node")]) for row in rows if row[header.index("Node")] not in ("", "-")
    }
    return {"threads": len(rows), "cores": counts["Core"], "sockets": counts["Socket"], "node of CPUs": node_of}


def _caches(summary: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in summary.items():
        if name := re.fullmatch(r"(L\d[di]?) cache", key):
            parts = re.fullmatch(r"([\d.]+) (\w+)(?: \((\d+) instances?\))?", value)
            assert parts, value
            instances = int(parts[3]) if parts[3] else None
            found[name[1]] = (round(float(parts[1]) * _UNITS[parts[2]]), instances)
    return found
