"""Parse the output of hwloc's lstopo, as text (.console) and as XML."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_TYPES = {"0": "", "1": "d", "2": "i"}


def published(path: Path) -> dict[str, object]:
    """Return the values that hostinfo has too, by its names."""
    return _of_xml(path) if path.suffix == ".xml" else _of_text(path.read_text())


def _of_text(text: str) -> dict[str, object]:
    # the object tree ends before the list of depths; one line may contain a memory-side cache and its node
    tree = text[: text.find("\ndepth 0:")]
    count = Counter(re.findall(r"(\w+)(?:\(\w+\))? L#\d+", tree))
    caches: Counter[str] = Counter()
    for level, kind, size, unit in re.findall(r"\bL(\d)([di]?)Cache L#\d+ \([^()\n]*?\bsize=(\d+)(\w+)", tree):
        caches[f"L{level}{kind} of {int(size) * _UNITS[unit]}"] += 1
    online = tuple(sorted(int(number) for number in re.findall(r"PU L#\d+ \(P#(\d+)", tree)))
    model = re.search(r'CPUModel="([^"]*)"', tree)
    vendor = re.search(r"CPUVendor=\"?([^\s\")]*)", tree)
    return _named(count, caches, online, model[1] if model else None, vendor[1] if vendor else None)


def _of_xml(path: Path) -> dict[str, object]:
    tree = ET.parse(path)
    count = Counter(at.get("type", "") for at in tree.iter("object"))
    caches: Counter[str] = Counter()
    for at in tree.iter("object"):
        if re.fullmatch(r"L\di?Cache", at.get("type", "")):
            caches[f"L{at.get('depth')}{_TYPES[at.get('cache_type', '0')]} of {at.get('cache_size')}"] += 1
    online = tuple(sorted(int(at.get("os_index", "")) for at in tree.iter("object") if at.get("type") == "PU"))
    infos = {at.get("name"): at.get("value") for at in tree.iter("info")}
    return _named(count, caches, online, infos.get("CPUModel"), infos.get("CPUVendor"))


def _named(
    count: Counter[str], caches: Counter[str], online: tuple[int, ...], model: str | None, vendor: str | None
) -> dict[str, object]:
    found: dict[str, object] = {"threads": len(online), "online": online, "nodes": count["NUMANode"]}
    found |= {"cores": count["Core"], "sockets": count["Package"], **caches}
    if model:
        found["model_name"] = model.strip()
    if vendor:
        found["vendor_id"] = vendor
    return found
