"""The object classes of the package com.redhat.ovirtNode, generated from the model.

Names from the first proposal of the schema are kept (ovirtNode, memory, interfaceName, speed, macaddr, …). All others
follow the model, so that a new field of the model is a new property.
"""

from collections.abc import Mapping

from hostinfo.groups import GROUPS
from hostinfo.model.cpu import Cpu, Processor
from hostinfo.model.domain import Domain
from hostinfo.model.hypervisor import Hypervisor
from hostinfo.model.memory import Memory
from hostinfo.model.network import Address, Link
from hostinfo.model.numa import NumaNode
from hostinfo.model.statistics import LinkCounters, Statistics
from hostinfo.model.system import System

from ..qmf import DataType, SchemaClass, SchemaProperty
from .generic_classes import GenericClass, generic_classes
from .method_schemas import METHODS
from .property_mapping import PropertyMapping, map_properties

PACKAGE = "com.redhat.ovirtNode"

NODE_PROPERTIES: Mapping[str, tuple[PropertyMapping, ...]] = {
    "system": map_properties(System, names={"hardware_uuid": "hardwareUuid", "version": "productVersion"}),
    "hypervisor": map_properties(
        Hypervisor, names={"role": "hypervisorRole", "type": "hypervisor", "version": "hypervisorVersion"}
    ),
    "domain": map_properties(
        Domain,
        prefix="domain_",
        without=("limits",),
        names={"guest_type": "domainType", "is_whole_machine": "isWholeMachine"},
    ),
    "cpu": map_properties(
        Cpu,
        prefix="cpu_",
        names={"threads": "cpus", "model_name": "cpuModelName", "cpuid_level": "cpuidLevel"},
        without=("current_frequency_hz",),
    ),
    "memory": map_properties(
        Memory,
        prefix="memory_",
        names={"total_bytes": "memory", "page_bytes": "memoryPageSize", "swap.total_bytes": "swap"},
        without=("available_bytes", "free_bytes", "swap.free_bytes"),
    ),
}
"""Group -> its properties of ovirtNode, without values that change by the second: these are in hostStatistics."""

PROCESSOR = map_properties(
    Processor,
    index=("number",),
    names={
        "socket_id": "packageId",
        "socket_first_cpu": "packageFirstCpu",
        "cores_in_socket": "coresInPackage",
        "cache_bytes": "cacheSize",
    },
)
NUMA_NODE = map_properties(NumaNode, index=("number",), names={"total_bytes": "memory", "free_bytes": "memoryFree"})
LINK = map_properties(
    Link,
    index=("name",),
    names={
        "name": "interfaceName",
        "index": "interfaceIndex",
        "controller": "master",
        "bridge.bridge_id": "bridgeId",
    },
    without=("bond.options", "offloads"),
)
ADDRESS = map_properties(
    Address,
    index=("link", "address", "prefix_length"),
    names={"link": "interfaceName", "index": "interfaceIndex"},
    without=("valid_lifetime_seconds", "preferred_lifetime_seconds"),
)
STATISTICS = map_properties(
    Statistics,
    index=("scope",),
    is_statistic=True,
    without=("control_domain",),
    names={
        "load.load_1_minute": "load1Minute",
        "load.load_5_minutes": "load5Minutes",
        "load.load_15_minutes": "load15Minutes",
    },
)
LINK_STATISTICS = map_properties(
    LinkCounters,
    index=("name",),
    is_statistic=True,
    names={"name": "interfaceName", "rx_bytes": "rxBytes", "tx_bytes": "txBytes"},
)


def _reference(name: str, to: str, description: str) -> SchemaProperty:
    return SchemaProperty(
        name=name,
        type=DataType.MAP,
        subtype="reference",
        references=f"{PACKAGE}:{to}",
        is_optional=True,
        description=description,
    )


NODE = _reference("node", "ovirtNode", "The machine that this object belongs to.")
INTERFACE = _reference("interface", "networkInterface", "The network link that this object belongs to.")
ERRORS = SchemaProperty(
    name="errors",
    type=DataType.MAP,
    is_optional=True,
    description="Facts that could not be read, with the reason. If a whole group is listed, its values are the last "
    "known ones.",
)


def _class(name: str, description: str, *properties: SchemaProperty) -> SchemaClass:
    return SchemaClass(package=PACKAGE, name=name, description=description, properties=properties)


def _properties(mappings: tuple[PropertyMapping, ...]) -> tuple[SchemaProperty, ...]:
    return tuple(mapping.property for mapping in mappings)


OVIRT_NODE = SchemaClass(
    package=PACKAGE,
    name="ovirtNode",
    description="The machine's hardware; the share of it that this operating system was given is in domain….",
    properties=(
        SchemaProperty(
            name="uuid",
            type=DataType.STRING,
            xml_type="sstr",
            is_index=True,
            description="The hardware's UUID, else the installation's machine-id, as in the agent's name.",
        ),
        *(one for mappings in NODE_PROPERTIES.values() for one in _properties(mappings)),
        SchemaProperty(name="agentVersion", type=DataType.STRING, xml_type="sstr", description="Version of hostinfo."),
        SchemaProperty(
            name="updateInterval",
            type=DataType.INT,
            xml_type="uint32",
            unit="s",
            description="Interval of publishing statistics.",
        ),
        ERRORS,
    ),
    methods=METHODS,
)
PROCESSOR_CLASS = _class("processor", "One logical CPU of the machine.", *_properties(PROCESSOR), NODE, ERRORS)
NUMA_CLASS = _class("numaNode", "One NUMA node of the machine.", *_properties(NUMA_NODE), NODE, ERRORS)
LINK_CLASS = _class(
    "networkInterface",
    "One network link, with the links that it is stacked on or belongs to (lower, ports, master).",
    *_properties(LINK),
    SchemaProperty(
        name="macaddr",
        type=DataType.INT,
        xml_type="uint64",
        is_optional=True,
        description="The hardware address as a number; absent: it has more than 8 bytes.",
    ),
    NODE,
    ERRORS,
)
ADDRESS_CLASS = _class(
    "networkAddress", "One IP address, IPv4 or IPv6, of a link.", *_properties(ADDRESS), INTERFACE, ERRORS
)
STATISTICS_CLASS = _class(
    "hostStatistics",
    "Counters and current levels of one scope: in a Xen Dom0, the machine and the Dom0 are two objects.",
    *_properties(STATISTICS),
    NODE,
    ERRORS,
)
LINK_STATISTICS_CLASS = _class(
    "interfaceStatistics",
    "Counters of one link.",
    STATISTICS[0].property,  # the scope
    *_properties(LINK_STATISTICS),
    INTERFACE,
    ERRORS,
)
GENERIC: Mapping[str, tuple[GenericClass, ...]] = {
    group: tuple(generic_classes(group, PACKAGE, (NODE, ERRORS)))
    for group in GROUPS
    if group not in (*NODE_PROPERTIES, "numa", "network", "statistics", "guests")
}
"""Classes of the groups that have no others; of guests only events are published."""
CLASSES: tuple[SchemaClass, ...] = (
    OVIRT_NODE,
    PROCESSOR_CLASS,
    NUMA_CLASS,
    LINK_CLASS,
    ADDRESS_CLASS,
    STATISTICS_CLASS,
    LINK_STATISTICS_CLASS,
    *(one.schema for classes in GENERIC.values() for one in classes),
)
