"""The capabilities of a libvirt host, formatcaps.html: topology, signature and caches, as far as they are reliable.

An offline CPU has only its ``id`` (libvirt's src/conf/capabilities.c). The topology attributes and getInfo() count
sockets per NUMA node, or not at all. A cell's memory is the span of its addresses. ``<model>`` is libvirt's nearest
named model, not the CPU's name.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from hostinfo.record import record

from .xml import children, number, parse, size_bytes, text

CPUS_LIMIT = 65_536


@record
class HostCpu:
    """One logical CPU."""

    number: int
    cell: int
    socket: int | None
    die: int | None
    cluster: int | None
    core: int | None
    siblings: str | None
    """List of the CPUs of its core, as text."""

    @property
    def has_location(self) -> bool:
        """Whether libvirt knows where the CPU is; of an offline one it does not."""
        return self.socket is not None or self.core is not None or self.siblings is not None


@record
class Cell:
    """One NUMA cell."""

    number: int
    span_bytes: int | None
    distances: dict[int, int]
    cpus: tuple[int, ...]


@record
class Bank:
    """One cache."""

    level: int
    type: str
    size_bytes: int | None
    cpus: str


@record
class Capabilities:
    """The reliable part of the document."""

    architecture: str | None
    uuid: str | None
    vendor: str | None
    signature: tuple[int, int, int] | None
    microcode: int | None
    cpus: tuple[HostCpu, ...]
    cells: tuple[Cell, ...]
    banks: tuple[Bank, ...]
    domain_types: frozenset[str]

    def offline(self) -> frozenset[int]:
        """Return the CPUs without a location; none if no CPU has one."""
        located = {cpu.number for cpu in self.cpus if cpu.has_location}
        return frozenset(cpu.number for cpu in self.cpus if cpu.number not in located) if located else frozenset()


def parse_capabilities(document: object, source: str) -> Capabilities:
    """Parse the capabilities document; ParseError if it is not one."""
    root = parse(document, "capabilities", source)
    host = root.find("host")
    cpu = host.find("cpu") if host is not None else None
    cells = [cell for cell in children(host, "topology/cells/cell") if number(cell, "id") is not None]
    return Capabilities(
        architecture=text(cpu, "arch"),
        uuid=text(host, "uuid"),
        vendor=text(cpu, "vendor"),
        signature=_signature(cpu.find("signature") if cpu is not None else None),
        microcode=number(cpu.find("microcode"), "version") if cpu is not None else None,
        cpus=tuple(row for cell in cells for row in _cpus(cell))[:CPUS_LIMIT],
        cells=tuple(_cell(cell) for cell in cells),
        banks=tuple(bank for element in children(host, "cache/bank") if (bank := _bank(element)) is not None),
        domain_types=frozenset(kind for element in root.iter("domain") if (kind := element.get("type"))),
    )


def _signature(element: Element | None) -> tuple[int, int, int] | None:
    family, model, stepping = (number(element, name) for name in ("family", "model", "stepping"))
    return (family, model, stepping) if family is not None and model is not None and stepping is not None else None


def _cpus(cell: Element) -> list[HostCpu]:
    return [
        HostCpu(
            number=name,
            cell=number(cell, "id") or 0,
            socket=number(cpu, "socket_id"),
            die=number(cpu, "die_id"),
            cluster=number(cpu, "cluster_id"),
            core=number(cpu, "core_id"),
            siblings=cpu.get("siblings") or None,
        )
        for cpu in children(cell, "cpus/cpu")
        if (name := number(cpu, "id")) is not None
    ]


def _cell(element: Element) -> Cell:
    distances = ((number(row, "id"), number(row, "value")) for row in children(element, "distances/sibling"))
    return Cell(
        number=number(element, "id") or 0,
        span_bytes=size_bytes(element.find("memory")),
        distances={node: value for node, value in distances if node is not None and value is not None},
        cpus=tuple(cpu.number for cpu in _cpus(element)),
    )


def _bank(element: Element) -> Bank | None:
    level = number(element, "level")
    kinds = {"both": "Unified", "data": "Data", "code": "Instruction"}
    kind = kinds.get(element.get("type", ""))
    if level is None or kind is None:
        return None
    size, unit = number(element, "size"), element.get("unit", "B")
    unit_bytes = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}.get(unit)
    return Bank(
        level=level,
        type=kind,
        size_bytes=size * unit_bytes if size is not None and unit_bytes else None,
        cpus=element.get("cpus", ""),
    )
