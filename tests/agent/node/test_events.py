"""The events of a running agent, in a network namespace where links are added and removed."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostinfo.agent.qmf import Query
from tests.support.agent_process import ROOT, Agent, Console, agent, name_of, until
from tests.support.namespaces import ip, needs_namespace, network_namespace


@pytest.fixture
def namespace() -> Iterator[str]:
    with network_namespace() as name:
        yield name


@pytest.fixture
def running(namespace: str, tmp_path: Path) -> Iterator[Agent]:
    pytest.importorskip("proton", reason="needs python-qpid-proton")
    with agent(tmp_path, "--inventory-seconds", "3600", namespace=namespace) as one:
        yield one


@pytest.mark.usefixtures("running")
class TestEvents:
    pytestmark = needs_namespace

    def test_each_change_of_links_and_addresses_is_an_event(self, namespace: str, running: Agent) -> None:
        with Console(running.url, namespace) as console:
            until(lambda: len(console.get("{class:networkInterface}")) == 1, 20)
            for command, expected in (
                ("link add v0 type veth peer name v1", {("interfaceAdded", "v0"), ("interfaceAdded", "v1")}),
                ("link set v1 up", set()),
                ("link set v0 up", {("interfaceUp", "v0"), ("interfaceUp", "v1")}),
                ("addr add 192.0.2.1/24 dev v0", {("addressAdded", "v0 192.0.2.1/24")}),
                ("addr del 192.0.2.1/24 dev v0", {("addressRemoved", "v0 192.0.2.1/24")}),
                ("link set v1 down", {("interfaceDown", "v0"), ("interfaceDown", "v1")}),
                ("link del v0", {("interfaceRemoved", "v0"), ("interfaceRemoved", "v1")}),
            ):
                console.messages.clear()
                ip(namespace, command)
                until(lambda: expected <= changes(console), 20, lambda: f"{command}: {changes(console)}")  # noqa: B023
            both = {"networkInterface:v0", "networkInterface:v1"}
            until(lambda: _deleted(console) == both, 10, lambda: str(_deleted(console)))
            assert {name_of(one) for one in console.get("{class:networkInterface}")} == {"networkInterface:lo"}

    def test_an_ipv6_address_is_an_event_once_the_kernel_announces_it(self, namespace: str, running: Agent) -> None:
        ip(namespace, "link add v0 type veth peer name v1")
        oracle = ["ip", "-n", namespace, "monitor", "address"]
        with (
            subprocess.Popen(oracle, stdout=subprocess.PIPE, text=True) as monitor,
            Console(running.url, namespace) as console,
        ):
            lines: list[str] = []
            reader = threading.Thread(target=lambda: lines.extend(monitor.stdout or ()))
            reader.start()
            until(lambda: len(console.get("{class:networkInterface}")) == 3, 20)
            ip(namespace, "addr add 2001:db8::1/64 dev v0 nodad")
            ip(namespace, "link set v0 up")
            try:
                until(lambda: ("addressAdded", "v0 2001:db8::1/64") in changes(console), 20)
            except AssertionError:
                if "2001:db8::1" not in "".join(lines):
                    pytest.skip("the kernel did not announce the address: its queue for IPv6 is busy with others'")
                raise
            finally:
                monitor.terminate()
                reader.join()

    def test_a_subscriber_gets_deleted_objects(self, namespace: str, running: Agent) -> None:
        ip(namespace, "link add b0 type bridge")
        with Console(running.url, namespace) as console:
            until(lambda: len(console.get("{class:networkInterface}")) == 2, 20)
            query = Query.from_text("{class:networkInterface}")
            console.responses(
                console.requests.subscribe(console.seen.agent, query, "sub", interval_ms=3_600_000), "sub"
            )

            def deleted() -> list[str]:
                mine = [one for one in console.received() if getattr(one, "correlation", "") == "sub"]
                return [name_of(item) for one in mine for item in getattr(one, "items", ()) if item.is_deleted]

            ip(namespace, "link del b0")
            until(lambda: deleted() == ["networkInterface:b0"], 10)


def test_processors_and_memory_that_change_between_two_reads_are_events(tmp_path: Path) -> None:
    """On the files of a recorded machine, which has no notifications: only reads find the changes."""
    root = tmp_path / "root"
    shutil.copytree(ROOT / "tests" / "fixtures" / "qemu-q35-kvm" / "root", root, symlinks=True)
    online, meminfo = root / "sys/devices/system/cpu/online", root / "proc/meminfo"
    assert online.read_text() == "0-3\n"
    with (
        agent(tmp_path, "--inventory-seconds", "3600", "--connect", f"sysfs://{root}") as running,
        Console(running.url) as console,
    ):
        until(lambda: len(console.get("{class:processor}")) == 4, 20)
        kilobytes = int(meminfo.read_text().split()[1])
        meminfo.write_text(meminfo.read_text().replace(str(kilobytes), str(kilobytes + 1024 * 1024), 1))
        for listed, name in (("0-1,3", "processorOffline"), ("0-3", "processorOnline")):
            online.write_text(f"{listed}\n")
            console.call("refresh")
            until(lambda: len(console.events(name)) == 1, 10)  # noqa: B023
            (event,) = console.events(name)
            assert event.values["number"] == 2
        (event,) = console.events("memoryChanged")
        values = {key: int(str(value)) for key, value in event.values.items()}
        assert values["memory"] - values["memoryBefore"] == 1 << 30


def _deleted(console: Console) -> set[str]:
    return {name_of(one) for one in console.objects("networkInterface") if one.is_deleted}


def changes(console: Console) -> set[tuple[str, str]]:
    found = set()
    for event in console.events():
        about = str(event.values.get("interfaceName"))
        if "address" in event.values:
            about += f" {event.values['address']}/{event.values['prefixLength']}"
        assert event.schema_id is not None
        found.add((event.schema_id.name, about))
    return found
