"""The capabilities of a libvirt host, formatcaps.html: topology, signature and caches, as far as they are reliable.

The same counting is right for Xen and KVM: sockets are the distinct ``socket_id`` of the CPU list, cores the distinct
(socket, die, core), threads the CPUs. The topology attributes and getInfo() count sockets per NUMA node, or not at all.
A cell's memory is the span of its addresses. ``<model>`` is libvirt's nearest named model, not the CPU's name.
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
    core: int | None


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

    @property
    def sockets(self) -> int | None:
        """The number of distinct sockets."""
        return len({cpu.socket for cpu in self.cpus if cpu.socket is not None}) or None

    @property
    def cores(self) -> int | None:
        """The number of distinct (socket, die, core)."""
        return len({_core(cpu) for cpu in self.cpus if cpu.core is not None}) or None

    @property
    def threads_per_core(self) -> int | None:
        """The threads of the core that has most."""
        counts: dict[tuple[int | None, ...], int] = {}
        for cpu in self.cpus:
            if cpu.core is not None:
                counts[_core(cpu)] = counts.get(_core(cpu), 0) + 1
        return max(counts.values(), default=None)

    def cores_in_socket(self, socket: int | None) -> int | None:
        """Return the number of distinct cores of one socket."""
        return len({_core(cpu) for cpu in self.cpus if cpu.socket == socket and cpu.core is not None}) or None


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


def _core(cpu: HostCpu) -> tuple[int | None, ...]:
    return cpu.socket, cpu.die, cpu.core


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
            core=number(cpu, "core_id"),
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
