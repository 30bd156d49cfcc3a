"""The agent's objects in the form of a dump, so that both are compared with the same expected facts."""

from collections.abc import Mapping
from typing import Any

from .compare import Dump
from .expect import Expectation

Objects = Mapping[str, list[dict[str, Any]]]
NODE = {
    "hardwareUuid": "system.hardware_uuid",
    "manufacturer": "system.manufacturer",
    "product": "system.product",
    "productVersion": "system.version",
    "serial": "system.serial",
    "sku": "system.sku",
    "family": "system.family",
    "biosVendor": "system.bios.vendor",
    "biosVersion": "system.bios.version",
    "boardManufacturer": "system.board.manufacturer",
    "boardProduct": "system.board.product",
    "boardSerial": "system.board.serial",
    "chassisManufacturer": "system.chassis.manufacturer",
    "chassisSerial": "system.chassis.serial",
    "hostname": "system.hostname",
    "machineId": "system.machine_id",
    "architecture": "system.architecture",
    "hypervisorRole": "hypervisor.role",
    "hypervisor": "hypervisor.type",
    "domainOnlineCpus": "domain.online_cpus",
    "domainMemory": "domain.memory_bytes",
    "isWholeMachine": "domain.is_whole_machine",
    "domainType": "domain.guest_type",
    "cpuVendorId": "cpu.vendor_id",
    "cpuModelName": "cpu.model_name",
    "cpuFamily": "cpu.family",
    "cpuModel": "cpu.model",
    "cpuStepping": "cpu.stepping",
    "cpuidLevel": "cpu.cpuid_level",
    "cpuFlags": "cpu.flags",
    "cpuSockets": "cpu.sockets",
    "cpuCores": "cpu.cores",
    "cpus": "cpu.threads",
    "cpuThreadsPerCore": "cpu.threads_per_core",
    "memory": "memory.total_bytes",
    "memoryInstalled": "memory.installed_bytes",
}
PROCESSOR = {
    "number": "number",
    "isOnline": "is_online",
    "packageId": "socket_id",
    "dieId": "die_id",
    "coreId": "core_id",
    "numaNode": "numa_node",
    "vendorId": "vendor_id",
    "family": "family",
    "model": "model",
}
NUMA_NODE = {"number": "number", "cpus": "cpus", "memory": "total_bytes", "distances": "distances"}
LINK = {
    "interfaceName": "name",
    "kind": "kind",
    "mac": "mac",
    "permanentMac": "permanent_mac",
    "mtu": "mtu",
    "speed": "speed_mbps",
    "duplex": "duplex",
    "hasCarrier": "has_carrier",
    "driver": "driver",
    "master": "controller",
    "lower": "lower",
    "ports": "ports",
    "bondMode": "bond.mode",
    "bondMiimon": "bond.miimon_milliseconds",
    "bondPorts": "bond.ports",
    "vlanId": "vlan.id",
    "vlanProtocol": "vlan.protocol",
    "bridgeStp": "bridge.stp",
    "bridgeForwardDelay": "bridge.forward_delay_seconds",
}
ADDRESS = {
    "interfaceName": "link",
    "family": "family",
    "address": "address",
    "prefixLength": "prefix_length",
    "netmask": "netmask",
    "broadcast": "broadcast",
    "scope": "scope",
}
NOT_PUBLISHED = ("memory.dimms", "cpu.caches")
"""Lists for which the agent has no class."""


def as_dump(objects: Objects) -> Dump:
    """Convert the objects: properties to the paths of a dump, errors to its `errors`."""
    (node,) = objects["ovirtNode"]
    dump = _renamed(node, NODE)
    dump["cpu"]["processors"] = _numbered(objects["processor"], PROCESSOR)
    dump["numa"] = {"nodes": _numbered(objects["numaNode"], NUMA_NODE)}
    dump["network"] = {
        "links": [_renamed(item, LINK) for item in objects["networkInterface"]],
        "addresses": [_renamed(item, ADDRESS) for item in objects["networkAddress"]],
    }
    dump["errors"] = errors(objects)
    return dump


def errors(objects: Objects) -> dict[str, str]:
    """Return the facts that could not be read, of all objects, with the reasons."""
    return {
        path: str(reason)
        for items in objects.values()
        for item in items
        for path, reason in item.get("errors", {}).items()
    }


def published(expectations: list[Expectation]) -> list[Expectation]:
    """Return the expectations of facts for which the agent has a property."""
    return [expectation for expectation in expectations if not expectation.path.startswith(NOT_PUBLISHED)]


def _numbered(items: list[dict[str, Any]], names: Mapping[str, str]) -> list[Dump]:
    return [_renamed(item, names) for item in sorted(items, key=lambda item: int(item["number"]))]


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> Dump:
    dump: Dump = {}
    for name, path in names.items():
        *folders, last = path.split(".")
        target = dump
        for folder in folders:
            target = target.setdefault(folder, {})
        target[last] = values.get(name)
    return dump
