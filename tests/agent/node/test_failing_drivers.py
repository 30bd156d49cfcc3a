"""The agent with drivers that fail or hang: what it reports, and that everything else continues."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ECONNRESET

import pytest

from hostinfo import Driver, DriverFactory, GroupResult, HostInfo, ReadError, Unavailable
from hostinfo.agent.node import Service, Settings
from hostinfo.agent.qmf import AgentAnnouncement
from hostinfo.agent.transport import TransportOptions
from hostinfo.driver import RequestedFields
from hostinfo.fact import FactBuilder
from hostinfo.model.hypervisor import Hypervisor, Role
from hostinfo.model.memory import Memory
from hostinfo.model.numa import Numa
from hostinfo.model.statistics import Scope, Statistics
from hostinfo.model.system import System
from tests.support.agent_process import Console, until

pytest.importorskip("proton", reason="needs python-qpid-proton")
UUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
MACHINE_ID = "3d1219c7c4c5404aaa1f6d2a48adfda4"


class Machine:
    """A host with two drivers; the first one can be made to fail or to hang."""

    def __init__(self) -> None:
        self.failure: ReadError | None = None
        self.hangs = threading.Event()
        self.released = threading.Event()
        self.samples = 0
        self.uuid: str | None = UUID
        self.role: Role | None = None

    def open(self) -> HostInfo:
        first = Driver(name="libvirt-test", memory=self.memory)
        second = Driver(
            name="second", system=self.system, hypervisor=self.hypervisor, numa=self.numa, statistics=self.statistics
        )
        return HostInfo([DriverFactory(name=one.name, open=lambda _, one=one: one) for one in (first, second)])  # type: ignore[misc]

    def memory(self, _: RequestedFields) -> GroupResult[Memory]:
        if self.hangs.is_set():
            self.released.wait(60)
        if self.failure is not None:
            raise self.failure
        builder = FactBuilder("libvirt-test")
        builder.add_problem("installed_bytes", Unavailable("SMBIOS", "Permission denied"))
        return builder.build(Memory(total_bytes=1 << 40))

    def system(self, _: RequestedFields) -> GroupResult[System]:
        return GroupResult(
            value=System(hardware_uuid=self.uuid, machine_id=MACHINE_ID, hostname="node1", architecture="x86_64")
        )

    def hypervisor(self, _: RequestedFields) -> GroupResult[Hypervisor]:
        return GroupResult(value=Hypervisor(role=self.role))

    def numa(self, _: RequestedFields) -> GroupResult[Numa]:
        return GroupResult(value=Numa())

    def statistics(self, _: RequestedFields) -> GroupResult[Statistics]:
        self.samples += 1
        uptime = float(self.samples)
        return GroupResult(value=Statistics(scope=Scope.HOST, time=f"sample {self.samples}", uptime_seconds=uptime))


def url(service: Service) -> str:
    found: list[str] = [endpoint.transport.url for endpoint in service.endpoints]  # type: ignore[attr-defined]
    return found[0] if found else ":0"


@contextmanager
def served(machine: Machine) -> Iterator[Console]:
    listen = TransportOptions(listen="amqp://127.0.0.1:0")
    service = Service(
        Settings(statistics_seconds=1, inventory_seconds=10, heartbeat_seconds=1, listen=listen), open_host=machine.open
    )
    service.poll_threads["inventory"].set_interval(0.2)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        until(lambda: not url(service).endswith(":0"), 10)
        with Console(url(service)) as console:
            until(lambda: _node(console).get("memory") is not None, 10)
            yield console
    finally:
        machine.released.set()
        service.stop()
        thread.join(20)
    assert not thread.is_alive()


def _node(console: Console) -> dict[str, object]:
    nodes = console.get("{class:ovirtNode}")
    return dict(nodes[0].values) if nodes else {}


def test_the_name_has_the_hardwares_uuid_and_the_attributes_describe_the_machine() -> None:
    with served(Machine()) as console:
        assert console.seen.agent == f"ovirt.org:hostinfo:{UUID}"
        assert console.seen.attributes["hostname"] == "node1"
        assert _node(console)["uuid"] == UUID


def test_the_attributes_follow_the_facts_and_a_machine_without_uuid_has_none() -> None:
    machine = Machine()
    machine.uuid = None
    with served(machine) as console:
        assert console.seen.agent == f"ovirt.org:hostinfo:{MACHINE_ID}"
        assert "uuid" not in console.seen.attributes
        assert "role" not in console.seen.attributes
        machine.role = Role.KVM_HOST
        until(
            lambda: any(
                isinstance(one, AgentAnnouncement) and one.attributes.get("role") == "kvm-host"
                for one in console.received()
            ),
            10,
        )


def test_a_field_that_could_not_be_read_is_absent_with_its_reason() -> None:
    with served(Machine()) as console:
        node = _node(console)
        assert "memoryInstalled" not in node
        errors = node["errors"]
        assert isinstance(errors, dict)
        assert errors["memory.installed_bytes"] == "Unavailable: SMBIOS: Permission denied"
        assert "no driver for this host offers it" in str(errors["cpu"])


def test_a_failed_driver_is_an_event_keeps_the_last_values_and_recovers() -> None:
    machine = Machine()
    with served(machine) as console:
        machine.failure = ReadError("test:///default info", "the daemon was killed", ECONNRESET)
        until(lambda: {"driverFailed", "hypervisorDisconnected"} <= _names(console), 10)
        node = _node(console)
        assert node["memory"] == 1 << 40
        assert isinstance(node["errors"], dict)
        assert node["errors"]["memory"] == "ReadError: test:///default info: the daemon was killed"
        machine.failure = None
        until(lambda: {"driverRecovered", "hypervisorConnected"} <= _names(console), 10)
        assert "memory" not in _node(console)["errors"]  # type: ignore[operator]
        assert len(console.events("driverFailed")) == 1


def test_a_driver_that_hangs_delays_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hostinfo.agent.node.core.STALLED_SECONDS", 1)
    machine = Machine()
    with served(machine) as console:
        machine.hangs.set()
        before = machine.samples
        console.messages.clear()
        until(lambda: machine.samples >= before + 3, 20)
        beats = [one for one in console.received() if isinstance(one, AgentAnnouncement)]
        assert len(beats) >= 2
        assert len(console.objects("hostStatistics")) >= 2
        assert _node(console)["memory"] == 1 << 40
        until(lambda: "memory: not read yet" in str(_node(console).get("errors")), 10)
        machine.released.set()
        until(lambda: "not read yet" not in str(_node(console).get("errors")), 10)


def _names(console: Console) -> set[str]:
    return {one.schema_id.name for one in console.events() if one.schema_id is not None}
