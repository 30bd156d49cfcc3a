"""Events of a running agent, and ``hostinfo watch``, in a network namespace where links come and go."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import hostinfo
from hostinfo.driver import Driver
from hostinfo.errors import ReadError
from hostinfo.watch import Watch
from tests.support.agent_process import ROOT, Agent, Console, agent, name_of, until

needs_namespace = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: makes a network namespace"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2"),
]
UEVENT = Path("/sys/devices/system/cpu/cpu0/uevent")


def ip(namespace: str, command: str) -> None:
    subprocess.run(["ip", "-n", namespace, *command.split()], check=True, timeout=20)


@pytest.fixture
def namespace() -> Iterator[str]:
    name = f"hostinfo-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        ip(name, "link set lo up")
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


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
                until(lambda: expected <= told(console), 20, lambda: f"{command}: {told(console)}")  # noqa: B023
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
                until(lambda: ("addressAdded", "v0 2001:db8::1/64") in told(console), 20)
            except AssertionError:
                if "2001:db8::1" not in "".join(lines):
                    pytest.skip("the kernel did not announce the address: its queue for IPv6 is busy with others'")
                raise
            finally:
                monitor.terminate()
                reader.join()

    def test_a_subscriber_hears_that_an_object_went(self, namespace: str, running: Agent) -> None:
        from hostinfo.agent.qmf import Query

        ip(namespace, "link add b0 type bridge")
        with Console(running.url, namespace) as console:
            until(lambda: len(console.get("{class:networkInterface}")) == 2, 20)
            query = Query.from_text("{class:networkInterface}")
            console.answers(console.requests.subscribe(console.seen.agent, query, "sub", interval_ms=3_600_000), "sub")

            def gone() -> list[str]:
                mine = [one for one in console.received() if getattr(one, "correlation", "") == "sub"]
                return [name_of(item) for one in mine for item in getattr(one, "items", ()) if item.is_deleted]

            ip(namespace, "link del b0")
            until(lambda: gone() == ["networkInterface:b0"], 10)


def test_processors_and_memory_that_change_between_two_readings_are_events(tmp_path: Path) -> None:
    """On the kernel's files of a recorded machine, whose announcements nobody hears: a reading finds it."""
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


def told(console: Console) -> set[tuple[str, str]]:
    found = set()
    for event in console.events():
        about = str(event.values.get("interfaceName"))
        if "address" in event.values:
            about += f" {event.values['address']}/{event.values['prefixLength']}"
        assert event.schema_id is not None
        found.add((event.schema_id.name, about))
    return found


class TestWatchCommand:
    pytestmark = needs_namespace

    def test_changes_are_json_lines_and_an_interrupt_ends_it_cleanly(self, namespace: str) -> None:
        command = ["ip", "netns", "exec", namespace, sys.executable, "-m", "hostinfo", "watch", "--json", "network"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True) as run:
            assert run.stdout is not None
            lines: list[dict[str, object]] = []
            reader = threading.Thread(target=lambda: lines.extend(map(json.loads, run.stdout or ())))
            reader.start()
            until(lambda: _listens(run.pid), 20)
            ip(namespace, "link add b0 type bridge")
            until(lambda: any(one["path"] == "network.links[b0]" for one in lines), 10)
            ip(namespace, "link set b0 mtu 1400")
            until(lambda: any(one["path"] == "network.links[b0].mtu" for one in lines), 10)
            run.send_signal(signal.SIGINT)
            assert run.wait(10) == 0
            reader.join()
            assert run.stderr is not None
            assert run.stderr.read() == ""
        (change,) = [one for one in lines if one["path"] == "network.links[b0].mtu"]
        assert (change["old"], change["new"]) == (1500, 1400)


def _listens(pid: int) -> bool:
    """Whether the program sleeps in poll: it has read everything and hears of changes."""
    try:
        return "poll" in Path(f"/proc/{pid}/wchan").read_text() or "poll" in Path(f"/proc/{pid}/stack").read_text()
    except OSError:
        return False


@pytest.mark.root
@pytest.mark.skipif(not os.access(UEVENT, os.W_OK), reason=f"needs to write {UEVENT}: the kernel then tells of a CPU")
def test_the_kernel_tells_of_processors() -> None:
    with hostinfo.open() as host, host.watch() as watch:
        assert watch.has_monitors
        UEVENT.write_text("change")
        assert "cpu" in watch.wait(10)


def test_a_watch_without_anything_to_hear_waits_and_can_be_woken() -> None:
    with Watch() as watch:
        assert not watch.has_monitors
        threading.Timer(0.1, watch.wake).start()
        assert watch.wait(30) == frozenset()
        assert watch.wait(0.01) == frozenset()


def test_a_monitor_that_fails_is_a_problem_and_the_others_go_on() -> None:
    reading, writing = os.pipe()

    class Pipe:
        def fileno(self) -> int:
            return reading

        def receive(self) -> list[str]:
            if os.read(reading, 100) == b"fail":
                raise ReadError("pipe", "broken")
            return ["memory"]

        def close(self) -> None:
            os.close(reading)

    def refuse() -> Pipe:
        raise ReadError("netlink", "Operation not permitted", 1)

    with Watch([Driver(name="test", monitors=(refuse, Pipe))]) as watch:
        assert [str(one.error) for one in watch.problems] == ["netlink: Operation not permitted"]
        os.write(writing, b"change")
        assert watch.wait(5, debounce=0) == {"memory"}
        os.write(writing, b"fail")
        assert watch.wait(5) == frozenset()
        assert [str(one.error) for one in watch.problems][1:] == ["pipe: broken"]
        assert not watch.has_monitors
    os.close(writing)
