"""Memory: /proc/meminfo (proc_meminfo(5)), /sys/kernel/mm/hugepages, and the slots from SMBIOS."""

from __future__ import annotations

from hostinfo.driver import RequestedFields
from hostinfo.errors import DriverError, ParseError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.memory import Memory, Swap

from ..sources.container_view import REASON
from ..sources.field_reader import FieldReader
from ..sources.meminfo import parse_meminfo
from ..sources.sources import Sources
from ..sources.tree import source_of
from .mm import huge_pages
from .mm.node_memory import SizeCheck
from .mm.numa_nodes import NODE_DIR, read_node_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SOURCE = "/proc/meminfo"
_AMOUNTS = {"total_bytes": "MemTotal", "available_bytes": "MemAvailable", "free_bytes": "MemFree"}
_SLOTS = ("installed_bytes", "maximum_bytes", "slots", "error_correction", "dimms")
_POOLS = "sys/kernel/mm/hugepages"
FILES = {
    **dict.fromkeys((*_AMOUNTS, "swap"), ("proc/meminfo",)),
    "page_bytes": ("proc/self/auxv",),
    "huge_pages": ("sys/kernel/mm",),
    **dict.fromkeys(_SLOTS, ("sys/firmware/dmi/tables", "sys/class/dmi/id")),
}
_AT_PAGESZ = 6  # getauxval(3)


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Memory]:
    """Read the memory that this kernel manages, and the slots of the machine."""
    builder = FactBuilder("sysfs", fields)
    reader = FieldReader(sources.tree, builder)
    values: dict[str, Any] = {}
    if builder.needs("swap", *_AMOUNTS):
        _read_amounts(reader, values)
    if builder.needs("page_bytes"):
        values["page_bytes"] = parse_page_size(reader.tree.try_data("proc/self/auxv")[:4096])
        builder.record_source("/proc/self/auxv", "page_bytes")
    if builder.needs("huge_pages"):
        values["huge_pages"] = huge_pages.read_pools(reader, "huge_pages", _POOLS)
        builder.record_source(source_of(_POOLS), "huge_pages")
    if builder.needs(*_SLOTS):
        _read_slots(reader, values)
    return builder.build(Memory(**values))


def _read_amounts(reader: FieldReader, values: dict[str, Any]) -> None:
    builder = reader.builder
    field = next(name for name in (*_AMOUNTS, "swap") if builder.needs(name))
    text = reader.text(field, "proc/meminfo")
    amounts = parse_meminfo(text or "")
    source = _SOURCE
    if text is not None and "MemTotal" not in amounts:
        builder.add_problem(field, ParseError(_SOURCE, "no MemTotal line in kB"))
    is_share = reader.container.covers("proc/meminfo")
    if text is None or is_share:
        amounts, source = _sum_of_nodes(reader, field), source_of(f"{NODE_DIR}/node*/meminfo")
        _check_sum(reader, field, amounts)
    for name, key in _AMOUNTS.items():
        if builder.needs(name) and key in amounts:
            values[name] = amounts[key]
            builder.record_source(source, name)
    if builder.needs("swap") and "SwapTotal" in amounts:
        values["swap"] = Swap(total_bytes=amounts["SwapTotal"], free_bytes=amounts.get("SwapFree", 0))
        builder.record_source(source, "swap")
    if is_share:
        _report_share(builder, values)


def _report_share(builder: FactBuilder, values: dict[str, Any]) -> None:
    known = {problem.path for problem in builder.problems}
    for name in (*_AMOUNTS, "swap"):
        if builder.needs(name) and name not in values and name not in known:
            builder.unsupported(name, _SOURCE, REASON)


def _read_slots(reader: FieldReader, values: dict[str, Any]) -> None:
    """Read the slots from SMBIOS: readable by root only, and not on every architecture."""
    from ..sources.smbios import read_smbios
    from ..sources.smbios.installed import installed_memory

    builder = reader.builder
    wanted = [name for name in _SLOTS if builder.needs(name)]
    try:
        tables = read_smbios(reader.tree)
    except DriverError as error:
        for name in wanted:
            builder.add_problem(name, error)
        return
    if tables is None:
        return
    installed = installed_memory(tables)
    for name in wanted:
        values[name] = getattr(installed, name)
        builder.record_source(tables.source, name)
        if name in installed.reasons:
            builder.add_problem(name, ParseError(tables.source, installed.reasons[name]))


def _sum_of_nodes(reader: FieldReader, field: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for number in read_node_numbers(reader, field):
        amounts = parse_meminfo(reader.text(field, f"{NODE_DIR}/node{number}/meminfo") or "")
        for key in ("MemTotal", "MemFree"):
            if key in amounts:
                sums[key] = sums.get(key, 0) + amounts[key]
    return sums


def _check_sum(reader: FieldReader, field: str, amounts: dict[str, int]) -> None:
    """Drop a sum that the memory blocks contradict, or that nothing confirms where /proc is missing.

    In a container with lxcfs, the sum is the machine's unless it is contradicted.
    """
    if "MemTotal" not in amounts:
        return
    check = SizeCheck(reader, field, amounts["MemTotal"])
    if check.is_contradicted or not (check.is_confirmed or check.is_from_lxcfs):
        for name in ("total_bytes", "free_bytes"):
            if reader.builder.needs(name):
                reader.builder.unsupported(name, source_of(f"{NODE_DIR}/node*/meminfo"), check.reason)
        amounts.clear()


def parse_page_size(auxv: bytes) -> int | None:
    """Return the page size in an auxiliary vector of any word size and byte order; None: it has none."""
    for width in (8, 4):
        for order in ("little", "big"):
            words = [int.from_bytes(auxv[i : i + width], order) for i in range(0, len(auxv) - width + 1, width)]
            pairs = list(zip(words[::2], words[1::2], strict=False))
            sizes = [value for key, value in pairs if key == _AT_PAGESZ]
            if sizes and _is_page_size(sizes[0]) and (0, 0) in pairs:
                return sizes[0]
    return None


def _is_page_size(size: int) -> bool:
    return size.bit_count() == 1 and 4096 <= size <= 1 << 20
