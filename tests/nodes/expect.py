"""The expected facts of a node, field by field, from its shape alone, as QEMU's command line is."""

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .shape import MIB, Cpu, Nic, Shape, Stack

DRIVERS = {"e1000": "e1000", "virtio-net-pci": "virtio_net"}
ROLES = {"xen-dom0": "xen-dom0", "kvm": "kvm-host", "bare": "bare-metal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One field: its path in the dump, the expected value in words, and the check."""

    path: str
    expected: str
    matches: Callable[[Any], bool]


def equal(path: str, expected: object) -> Expectation:
    return Expectation(path=path, expected=str(expected), matches=lambda value: bool(value == expected))


def between(path: str, low: int, high: int) -> Expectation:
    return Expectation(
        path=path, expected=f"{low} … {high}", matches=lambda value: value is not None and low <= value <= high
    )


def absent_or_between(path: str, low: int, high: int) -> Expectation:
    return Expectation(
        path=path, expected=f"none, or {low} … {high}", matches=lambda value: value is None or low <= value <= high
    )


def contains(path: str, values: tuple[str, ...]) -> Expectation:
    return Expectation(
        path=path, expected=f"has {' '.join(values)}", matches=lambda value: set(values) <= set(value or ())
    )


def lacks(path: str, values: tuple[str, ...]) -> Expectation:
    return Expectation(
        path=path, expected=f"not {' '.join(values)}", matches=lambda value: not set(values) & set(value or ())
    )


def expected_facts(shape: Shape) -> list[Expectation]:
    """Return every field that the command line determines."""
    return [
        *_system(shape),
        *_hypervisor(shape),
        *_domain(shape),
        *_cpu(shape.cpu),
        *_processors(shape),
        *_memory(shape),
        *_numa(shape),
        *(expectation for nic in shape.nics for expectation in _nic(nic, stacked=shape.stack is not None)),
        *(_stack(shape.stack, len(shape.nics)) if shape.stack else ()),
    ]


def _system(shape: Shape) -> Iterator[Expectation]:
    names = {
        ("1", "uuid"): "system.hardware_uuid",
        ("1", "manufacturer"): "system.manufacturer",
        ("1", "product"): "system.product",
        ("1", "version"): "system.version",
        ("1", "serial"): "system.serial",
        ("1", "sku"): "system.sku",
        ("1", "family"): "system.family",
        ("0", "vendor"): "system.bios.vendor",
        ("0", "version"): "system.bios.version",
        ("2", "manufacturer"): "system.board.manufacturer",
        ("2", "product"): "system.board.product",
        ("2", "serial"): "system.board.serial",
        ("3", "manufacturer"): "system.chassis.manufacturer",
        ("3", "serial"): "system.chassis.serial",
    }
    for (number, key), path in names.items():
        if key in shape.smbios.get(number, {}):
            yield equal(path, shape.smbios[number][key])
    yield equal("system.hostname", shape.hostname)
    yield equal("system.machine_id", shape.machine_id)
    yield equal("system.architecture", "x86_64")


def _hypervisor(shape: Shape) -> Iterator[Expectation]:
    yield equal("hypervisor.role", ROLES[shape.kind])
    if shape.kind != "bare":
        yield equal("hypervisor.type", "xen" if shape.kind == "xen-dom0" else "kvm")


def _domain(shape: Shape) -> Iterator[Expectation]:
    if shape.dom0:
        yield equal("domain.online_cpus", shape.dom0.cpus)
        yield between("domain.memory_bytes", shape.dom0.mib * MIB // 2, shape.dom0.mib * MIB - 1)
        yield equal("domain.is_whole_machine", expected=False)
        yield equal("domain.guest_type", "PV")
    else:
        yield equal("domain.online_cpus", shape.cpu.total)


def _cpu(cpu: Cpu) -> Iterator[Expectation]:
    yield equal("cpu.vendor_id", cpu.vendor_id)
    yield equal("cpu.model_name", cpu.model_name)
    yield equal("cpu.family", cpu.family)
    yield equal("cpu.model", cpu.model)
    yield equal("cpu.stepping", cpu.stepping)
    yield equal("cpu.cpuid_level", cpu.level)
    yield equal("cpu.sockets", cpu.sockets)
    yield equal("cpu.cores", cpu.sockets * cpu.cores)
    yield equal("cpu.threads", cpu.total)
    yield equal("cpu.threads_per_core", cpu.threads)
    if cpu.has_flags:
        yield contains("cpu.flags", cpu.has_flags)
    if cpu.lacks_flags:
        yield lacks("cpu.flags", cpu.lacks_flags)
    for level, kind, kib, shared_by in cpu.caches:
        path = f"cpu.caches[level={level},type={kind.title()}]"
        yield equal(f"{path}.size_bytes", kib * 1024)
        if shared_by:
            yield equal(f"{path}.instances", cpu.sockets if shared_by == "socket" else cpu.sockets * cpu.cores)


def _processors(shape: Shape) -> Iterator[Expectation]:
    cpu, numbers = shape.cpu, range(shape.cpu.total)
    yield equal("cpu.processors[*].number", list(numbers))
    yield equal("cpu.processors[*].is_online", [True] * cpu.total)
    yield equal("cpu.processors[*].socket_id", [number // (cpu.cores * cpu.threads) for number in numbers])
    cores = [number // cpu.threads for number in numbers]
    yield Expectation(
        path="cpu.processors[*].(socket_id,die_id,core_id)",
        expected=f"as {cores}",
        matches=lambda value: isinstance(value, list) and [value.index(core) // cpu.threads for core in value] == cores,
    )
    if shape.nodes:
        node_of = [next(n for n, node in enumerate(shape.nodes) if node.cpus[0] <= c <= node.cpus[1]) for c in numbers]
        yield equal("cpu.processors[*].numa_node", node_of)
    for field, value in {"vendor_id": cpu.vendor_id, "family": cpu.family, "model": cpu.model}.items():
        yield equal(f"cpu.processors[*].{field}", [value] * cpu.total)


def _memory(shape: Shape) -> Iterator[Expectation]:
    if shape.kind == "xen-dom0":
        # Xen manages all memory except what the firmware reserves, which is under 1 MiB.
        yield between("memory.total_bytes", shape.memory_bytes - MIB, shape.memory_bytes)
    else:
        # MemTotal excludes the kernel's text, page structures and bounce buffers.
        yield between("memory.total_bytes", shape.memory_bytes * 9 // 10, shape.memory_bytes - 1)
    yield equal("memory.installed_bytes", shape.memory_bytes)
    yield equal("memory.dimms[*].size_bytes", [shape.memory_bytes])  # QEMU emulates one DIMM per 16 GiB
    names = {"manufacturer": "manufacturer", "serial": "serial", "part": "part_number", "speed": "speed_mts"}
    for key, field in names.items():
        if key in shape.smbios.get("17", {}):
            yield equal(f"memory.dimms[*].{field}", [shape.smbios["17"][key]])


def _numa(shape: Shape) -> Iterator[Expectation]:
    nodes = shape.nodes
    if not nodes:
        yield equal("numa.nodes[*].number", [0])
        yield equal("numa.nodes[*].cpus", [list(range(shape.cpu.total))])
        return
    yield equal("numa.nodes[*].number", list(range(len(nodes))))
    yield equal("numa.nodes[*].cpus", [list(range(node.cpus[0], node.cpus[1] + 1)) for node in nodes])
    for number, node in enumerate(nodes):
        path = f"numa.nodes[number={number}]"
        yield absent_or_between(f"{path}.total_bytes", node.mib * MIB * 8 // 10, node.mib * MIB)
        if node.distances:
            yield equal(f"{path}.distances", list(node.distances))


def _nic(nic: Nic, *, stacked: bool) -> Iterator[Expectation]:
    path = f"network.links[permanent_mac={nic.mac}]"
    yield equal(f"{path}.permanent_mac", nic.mac)
    yield equal(f"{path}.driver", DRIVERS[nic.device])
    yield equal(f"{path}.kind", "physical")
    if not stacked:
        yield equal(f"{path}.mac", nic.mac)
    is_e1000 = nic.device == "e1000"
    yield equal(f"{path}.speed_mbps", 1000 if is_e1000 else None)  # virtio has none
    yield equal(f"{path}.duplex", "full" if is_e1000 else None)
    yield equal(f"{path}.has_carrier", expected=True)


def _stack(stack: Stack, nics: int) -> Iterator[Expectation]:
    bond, vlan, bridge = (f"network.links[name={name}]" for name in (stack.bond, stack.vlan, stack.bridge))
    yield equal(f"{bond}.kind", "bond")
    yield equal(f"{bond}.bond.mode", stack.mode)
    yield equal(f"{bond}.bond.miimon_milliseconds", stack.miimon)
    yield Expectation(
        path=f"{bond}.bond.ports", expected=f"{nics} NICs", matches=lambda value: len(set(value or ())) == nics
    )
    yield equal(f"network.links[kind=physical,controller={stack.bond}].controller", stack.bond)
    yield equal(f"{vlan}.kind", "vlan")
    yield equal(f"{vlan}.vlan.id", stack.vlan_id)
    yield equal(f"{vlan}.vlan.protocol", "802.1Q")
    yield equal(f"{vlan}.lower", [stack.bond])
    yield equal(f"{vlan}.mtu", stack.mtu)
    yield equal(f"{vlan}.controller", stack.bridge)
    yield equal(f"{bridge}.kind", "bridge")
    yield equal(f"{bridge}.ports", [stack.vlan])
    yield equal(f"{bridge}.bridge.stp", expected=False)
    yield equal(f"{bridge}.bridge.forward_delay_seconds", 4.0)
    for text in stack.addresses:
        address = ipaddress.ip_interface(text)
        path = f"network.addresses[address={address.ip}]"
        yield equal(f"{path}.link", stack.bridge)
        yield equal(f"{path}.family", f"ipv{address.version}")
        yield equal(f"{path}.prefix_length", address.network.prefixlen)
        yield equal(f"{path}.netmask", str(address.netmask) if address.version == 4 else None)
        yield equal(f"{path}.broadcast", None)  # none was configured
        yield equal(f"{path}.scope", "global")
