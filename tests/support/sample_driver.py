"""A third-party driver, found by its entry point, with machines whose facts are written here.

``sample:NAME`` opens the machine of that name: see ``MACHINES``.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hostinfo.driver import Driver, RequestedFields
from hostinfo.errors import ParseError, ReadError
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.cpu import Cache, Cpu, Processor
from hostinfo.model.domain import Domain
from hostinfo.model.guests import Guest, Guests
from hostinfo.model.hypervisor import Hypervisor, Role
from hostinfo.model.memory import Dimm, Memory, Swap
from hostinfo.model.network import Address, Bond, Bridge, Dns, Link, Network, Route, Vlan
from hostinfo.model.numa import Numa, NumaNode
from hostinfo.model.statistics import Load, Scope, Statistics
from hostinfo.model.system import Board, System
from hostinfo.record import record_fields

GIB = 1 << 30
HOSTILE = "a\x1b[2Jb\nc\udcff\u2028"

NETWORK = Network(
    links=(
        Link(name="lo", index=1, kind="loopback", mtu=65536, is_enabled=True),
        Link(name="eth0", index=2, kind="physical", controller="bond0", state="up", speed_mbps=10000, driver="e1000"),
        Link(name="eth1", index=3, kind="physical", controller="bond0", state="down", mac="52:54:00:00:00:01",
             permanent_mac="52:54:00:00:00:02"),
        Link(name="bond0", index=4, kind="bond", lower=("eth0", "eth1"), ports=("eth0", "eth1"),
             bond=Bond(mode="active-backup", active_port="eth0", ports=("eth0", "eth1"))),
        Link(name="bond0.100", index=5, kind="vlan", lower=("bond0",), controller="br100",
             vlan=Vlan(id=100, protocol="802.1Q")),
        Link(name="br100", index=6, kind="bridge", lower=("bond0.100",), ports=("bond0.100",),
             bridge=Bridge(stp=False, ports=("bond0.100",))),
    ),
    addresses=(
        Address(link="lo", index=1, family="ipv4", address="127.0.0.1", prefix_length=8, scope="host"),
        Address(link="br100", index=6, family="ipv4", address="192.0.2.5", prefix_length=24, scope="global"),
        Address(link="br100", index=6, family="ipv6", address="2001:db8::5", prefix_length=64, scope="global"),
    ),
    routes=(Route(family="ipv4", destination="default", gateway="192.0.2.1", link="br100"),),
    dns=Dns(servers=("192.0.2.53",)),
)  # fmt: skip
CPU = Cpu(
    vendor_id="GenuineIntel", model_name="Example CPU", family=6, sockets=2, cores=8, threads=16, threads_per_core=2,
    flags=("fpu", "vme"), mitigations={"meltdown": "Not affected", "mds": "Vulnerable"},
    caches=(Cache(level=3, type="Unified", size_bytes=20 << 20, instances=2, cpus_per_instance=8),),
    processors=tuple(Processor(number=n, socket_id=n // 8, core_id=n % 8 // 2, numa_node=n // 8) for n in range(16)),
)  # fmt: skip
WHOLE = {
    "system": System(manufacturer="Example", product="Box 1", hostname="box", board=Board(product="B")),
    "hypervisor": Hypervisor(role=Role.XEN_DOM0, type="xen", version="4.17.7"),
    "domain": Domain(online_cpus=1, memory_bytes=GIB // 2, is_whole_machine=False),
    "cpu": CPU,
    "memory": Memory(total_bytes=3 * GIB, dimms=(Dimm(slot="DIMM 0", size_bytes=3 * GIB),),
                     swap=Swap(total_bytes=GIB, free_bytes=GIB)),
    "numa": Numa(nodes=(NumaNode(number=0, cpus=tuple(range(8)), total_bytes=GIB, distances=(10, 21)),
                        NumaNode(number=3, cpus=tuple(range(8, 16)), total_bytes=2 * GIB, distances=(21, 10)))),
    "network": NETWORK,
    "guests": Guests(guests=(Guest(name="web", uuid="0" * 32, state="running", vcpus=2, memory_bytes=GIB),)),
    "statistics": Statistics(scope=Scope.CONTROL_DOMAIN, time="2026-01-01T00:00:00Z", uptime_seconds=3661.5,
                             load=Load(load_1_minute=0.5, load_5_minutes=1.0, load_15_minutes=2.0)),
}  # fmt: skip


def _driver(
    values: dict[str, object],
    builder: FactBuilder | None = None,
    group: str = "",
    unsupported_reasons: dict[str, str] | None = None,
) -> Driver:
    def entry(name: str) -> Callable[[RequestedFields], GroupResult[object]]:
        def read(fields: RequestedFields) -> GroupResult[object]:
            found = FactBuilder("sample", fields)
            for field in record_fields(type(values[name])):
                found.record_source(f"sample {name}", field)
            if builder is not None and name == group:
                found.problems += builder.problems
            return found.build(values[name])

        return read

    entries: dict[str, Any] = {name: entry(name) for name in values}
    return Driver(name="sample", unsupported_reasons=unsupported_reasons, **entries)


def _partial(_: str) -> Driver:
    builder = FactBuilder("sample")
    builder.add_problem("serial", ReadError("/sys/class/dmi/id/product_serial", "Permission denied", 13))
    builder.add_problem("serial", ParseError("SMBIOS", "no end"))
    return _driver(WHOLE, builder, "system")


def _careful(_: str) -> Driver:
    """A driver that fails if more than model_name is requested."""

    def cpu(fields: RequestedFields) -> GroupResult[Cpu]:
        if fields != frozenset({"model_name"}):
            raise ReadError("sample", f"requested: {fields}")
        return GroupResult(value=CPU)

    return Driver(name="sample", cpu=cpu)


def _broken(_: str) -> Driver:
    def fail(_: RequestedFields) -> GroupResult[System]:
        raise ReadError("sample", "out of order")

    return Driver(name="sample", system=fail)


def _unsupported(_: str) -> Driver:
    values = {name: value for name, value in WHOLE.items() if name != "guests"}
    return _driver(values, unsupported_reasons={"guests": "no libvirt here"})


def _hostile(_: str) -> Driver:
    link = Link(name=HOSTILE, index=1, kind=HOSTILE, alias=HOSTILE)
    values = {
        "system": System(product=HOSTILE, board=Board(serial=HOSTILE)),
        "cpu": Cpu(model_name=HOSTILE, flags=(HOSTILE,), mitigations={HOSTILE: HOSTILE}),
        "network": Network(links=(link,)),
    }
    return _driver(values)


def _slow(_: str) -> Driver:
    def sleep(_: RequestedFields) -> GroupResult[System]:
        sys.stderr.write("asleep\n")
        sys.stderr.flush()
        time.sleep(60)
        return GroupResult(value=System())

    return Driver(name="sample", system=sleep)


def _many(count: str) -> Driver:
    numbers = range(int(count))
    links = tuple(
        Link(name=f"veth{n}", index=n + 1, kind="veth", mac=f"02:00:00:00:{n >> 8:02x}:{n & 255:02x}", mtu=1500,
             state="up", is_enabled=True, has_carrier=True, speed_mbps=1000, duplex="full", controller=f"br{n // 1000}",
             flags=("up", "broadcast", "running", "multicast"), broadcast_mac="ff:ff:ff:ff:ff:ff", tx_queue_length=1000)
        for n in numbers
    )  # fmt: skip
    addresses = tuple(
        Address(link=f"veth{n}", index=n + 1, family="ipv4", address=f"10.{n >> 8}.{n & 255}.{k}", prefix_length=24,
                netmask="255.255.255.0", scope="global", flags=("permanent",), label=f"veth{n}")
        for n in numbers
        for k in range(3)
    )  # fmt: skip
    return _driver({"network": Network(links=links, addresses=addresses)})


def _changed(_: str) -> Driver:
    """Like whole, with an added link, a removed address, an offline CPU, less free swap, another uptime."""
    links = (*NETWORK.links, Link(name="new0", index=7, kind="dummy"))
    processors = (replace(CPU.processors[0], is_online=False), *CPU.processors[1:])
    memory, statistics = WHOLE["memory"], WHOLE["statistics"]
    assert isinstance(memory, Memory)
    assert isinstance(statistics, Statistics)
    changes = {
        "network": replace(NETWORK, links=links, addresses=NETWORK.addresses[:2]),
        "cpu": replace(CPU, processors=processors),
        "memory": replace(memory, swap=Swap(total_bytes=GIB, free_bytes=5)),
        "statistics": replace(statistics, uptime_seconds=1.0),
    }
    return _driver(WHOLE | changes)


MACHINES: dict[str, Callable[[str], Driver]] = {
    "whole": lambda _: _driver(WHOLE),
    "partial": _partial,
    "careful": _careful,
    "broken": _broken,
    "unsupported": _unsupported,
    "hostile": _hostile,
    "slow": _slow,
    "many": _many,
    "changed": _changed,
}
