"""Objects of the agent in the form of a dump, so that what is expected of one can be held against the other."""

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
    "cpuCpuidLevel": "cpu.cpuid_level",
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
"""Lists that no class of the agent has."""


def as_dump(objects: Objects) -> Dump:
    """The objects, their properties where a dump has the facts, their errors as a dump's."""
    (node,) = objects["ovirtNode"]
    dump = _renamed(node, NODE)
    dump["cpu"]["processors"] = _numbered(objects["processor"], PROCESSOR)
    dump["numa"] = {"nodes": _numbered(objects["numaNode"], NUMA_NODE)}
    dump["network"] = {
        "links": [_renamed(one, LINK) for one in objects["networkInterface"]],
        "addresses": [_renamed(one, ADDRESS) for one in objects["networkAddress"]],
    }
    dump["errors"] = errors(objects)
    return dump


def errors(objects: Objects) -> dict[str, str]:
    """What could not be told, of all objects."""
    return {path: str(why) for of in objects.values() for one in of for path, why in one.get("errors", {}).items()}


def published(expectations: list[Expectation]) -> list[Expectation]:
    """Those of facts that the agent has a property for."""
    return [expectation for expectation in expectations if not expectation.path.startswith(NOT_PUBLISHED)]


def _numbered(items: list[dict[str, Any]], names: Mapping[str, str]) -> list[Dump]:
    return [_renamed(item, names) for item in sorted(items, key=lambda item: int(item["number"]))]


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> Dump:
    made: Dump = {}
    for name, path in names.items():
        *folders, last = path.split(".")
        into = made
        for folder in folders:
            into = into.setdefault(folder, {})
        into[last] = values.get(name)
    return made
