"""The classes of objects of the package com.redhat.ovirtNode, made from the model.

Names that the first proposal of the schema gave are kept (ovirtNode, memory, interfaceName, speed, macaddr, …); all
else follows the model, so that a new fact of the model is a new property here.
"""

from collections.abc import Mapping

from hostinfo.model.cpu import Cpu, Processor
from hostinfo.model.domain import Domain
from hostinfo.model.hypervisor import Hypervisor
from hostinfo.model.memory import Memory
from hostinfo.model.network import Address, Link
from hostinfo.model.numa import NumaNode
from hostinfo.model.statistics import LinkCounters, Statistics
from hostinfo.model.system import System

from ..qmf import DataType, Direction, SchemaClass, SchemaMethod, SchemaProperty
from .columns import Column, columns

PACKAGE = "com.redhat.ovirtNode"
LEAST_INTERVAL, MOST_INTERVAL = 1, 3600

NODE_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "system": columns(System, names={"hardware_uuid": "hardwareUuid", "version": "productVersion"}),
    "hypervisor": columns(
        Hypervisor, names={"role": "hypervisorRole", "type": "hypervisor", "version": "hypervisorVersion"}
    ),
    "domain": columns(
        Domain,
        prefix="domain_",
        without=("limits",),
        names={"guest_type": "domainType", "is_whole_machine": "isWholeMachine"},
    ),
    "cpu": columns(
        Cpu, prefix="cpu_", names={"threads": "cpus", "model_name": "cpuModelName"}, without=("current_frequency_hz",)
    ),
    "memory": columns(
        Memory,
        prefix="memory_",
        names={"total_bytes": "memory", "swap.total_bytes": "swap"},
        without=("available_bytes", "free_bytes", "swap.free_bytes"),
    ),
}
"""Group -> its part of ovirtNode: what lasts. What changes by the second stands in hostStatistics."""

PROCESSOR = columns(
    Processor,
    index=("number",),
    names={"socket_id": "packageId", "cores_in_socket": "coresInPackage", "cache_bytes": "cacheSize"},
)
NUMA_NODE = columns(NumaNode, index=("number",), names={"total_bytes": "memory", "free_bytes": "memoryFree"})
LINK = columns(
    Link,
    index=("name",),
    names={"name": "interfaceName", "index": "interfaceIndex", "controller": "master"},
    without=("bond.options", "offloads"),
)
ADDRESS = columns(
    Address,
    index=("link", "address", "prefix_length"),
    names={"link": "interfaceName", "index": "interfaceIndex"},
    without=("valid_lifetime_seconds", "preferred_lifetime_seconds"),
)
STATISTICS = columns(
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
LINK_STATISTICS = columns(
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


NODE = _reference("node", "ovirtNode", "The machine that it is of.")
INTERFACE = _reference("interface", "networkInterface", "The link that it is of.")
ERRORS = SchemaProperty(
    name="errors",
    type=DataType.MAP,
    is_optional=True,
    description="What could not be told: fact -> reason. A group there as a whole failed since it was last told: the "
    "values are the last known.",
)


def _argument(
    name: str, kind: DataType, direction: Direction, description: str = "", *, unit: str = "", xml_type: str = ""
) -> SchemaProperty:
    return SchemaProperty(
        name=name, type=kind, direction=direction, description=description, unit=unit, xml_type=xml_type
    )


def _method(name: str, description: str, *arguments: SchemaProperty) -> SchemaMethod:
    return SchemaMethod(name=name, description=description, arguments=arguments)


_IN, _OUT, _BOTH = Direction.I, Direction.O, Direction.IO
METHODS = (
    _method("refresh", "Reads all facts anew; answers when that is done."),
    _method(
        "echo",
        "Answers with what it was given.",
        _argument("sequence", DataType.INT, _BOTH, xml_type="uint32"),
        _argument("body", DataType.STRING, _BOTH),
    ),
    _method(
        "getFact",
        "Reads one fact anew, by any path that `hostinfo dump` knows.",
        _argument("path", DataType.STRING, _IN, "Such as cpu.model_name."),
        _argument("value", DataType.STRING, _OUT, "As JSON; null: absent."),
        _argument("source", DataType.STRING, _OUT, "Where it was read."),
        _argument("errors", DataType.MAP, _OUT, "Path -> why it could not be told."),
    ),
    _method(
        "setUpdateInterval",
        "Sets how often statistics are read and published, until the agent ends or reads its configuration again.",
        _argument("interval", DataType.INT, _IN, f"{LEAST_INTERVAL} to {MOST_INTERVAL}.", unit="s", xml_type="uint32"),
    ),
)


def _class(name: str, description: str, *properties: SchemaProperty) -> SchemaClass:
    return SchemaClass(package=PACKAGE, name=name, description=description, properties=properties)


def _of(described: tuple[Column, ...]) -> tuple[SchemaProperty, ...]:
    return tuple(column.property for column in described)


OVIRT_NODE = SchemaClass(
    package=PACKAGE,
    name="ovirtNode",
    description="The machine: what it is, not what this operating system was given of it, which stands in domain….",
    properties=(
        SchemaProperty(
            name="uuid",
            type=DataType.STRING,
            xml_type="sstr",
            is_index=True,
            description="The hardware's UUID, else the installation's machine-id: as in the agent's name.",
        ),
        *(one for part in NODE_COLUMNS.values() for one in _of(part)),
        SchemaProperty(name="agentVersion", type=DataType.STRING, xml_type="sstr", description="Version of hostinfo."),
        SchemaProperty(
            name="updateInterval",
            type=DataType.INT,
            xml_type="uint32",
            unit="s",
            description="How often statistics are published.",
        ),
        ERRORS,
    ),
    methods=METHODS,
)
PROCESSOR_CLASS = _class("processor", "One logical CPU of the machine.", *_of(PROCESSOR), NODE, ERRORS)
NUMA_CLASS = _class("numaNode", "One NUMA node of the machine.", *_of(NUMA_NODE), NODE, ERRORS)
LINK_CLASS = _class(
    "networkInterface",
    "One network link: links stack, so each names its neighbours (lower, ports, master).",
    *_of(LINK),
    SchemaProperty(
        name="macaddr",
        type=DataType.INT,
        xml_type="uint64",
        is_optional=True,
        description="The hardware address as a number; absent where it has more than 8 bytes.",
    ),
    NODE,
    ERRORS,
)
ADDRESS_CLASS = _class("networkAddress", "One IP address, IPv4 or IPv6, of a link.", *_of(ADDRESS), INTERFACE, ERRORS)
STATISTICS_CLASS = _class(
    "hostStatistics",
    "Counters and levels of the moment, of one scope: in a Xen Dom0 the machine's and the Dom0's own are two objects.",
    *_of(STATISTICS),
    NODE,
    ERRORS,
)
LINK_STATISTICS_CLASS = _class(
    "interfaceStatistics",
    "Counters of one link.",
    STATISTICS[0].property,  # the scope
    *_of(LINK_STATISTICS),
    INTERFACE,
    ERRORS,
)
CLASSES: tuple[SchemaClass, ...] = (
    OVIRT_NODE,
    PROCESSOR_CLASS,
    NUMA_CLASS,
    LINK_CLASS,
    ADDRESS_CLASS,
    STATISTICS_CLASS,
    LINK_STATISTICS_CLASS,
)
