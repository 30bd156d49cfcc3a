"""The agent with a real libvirtd that is killed, stopped, restarted: which events it sends, how often, how soon."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.agent_process import Agent, Console, agent, until
from tests.support.libvirt_daemon import Libvirtd, running_libvirtd

pytest.importorskip("proton", reason="needs python-qpid-proton")
pytest.importorskip("libvirt", reason="hostinfo[libvirt] is not installed")
SOON = 2.0


@pytest.fixture
def libvirtd() -> Iterator[Libvirtd]:
    with running_libvirtd() as daemon:
        yield daemon


@pytest.fixture
def running(libvirtd: Libvirtd, tmp_path: Path) -> Iterator[Agent]:
    """Neither the inventory nor the guests are polled again while a test runs."""
    with agent(tmp_path, "--inventory-seconds", "3600", "--connect", libvirtd.unix_uri) as one:
        yield one


@pytest.fixture
def console(running: Agent) -> Iterator[Console]:
    with Console(running.url) as one:
        until(lambda: bool(one.get("{class:processor}")), 20)
        time.sleep(2)  # it has subscribed to libvirt's events
        one.messages.clear()
        yield one


def hypervisor(console: Console) -> list[str]:
    names = [one.schema_id.name for one in console.events() if one.schema_id is not None]
    return [name for name in names if name.startswith("hypervisor")]


def failures(console: Console) -> str:
    """What a source failed to report; what this libvirt never reports is Unsupported, before and after."""
    reasons: dict[str, str] = {}
    for one in console.get("{class:ovirtNode}"):
        found = one.values.get("errors") or {}
        assert isinstance(found, dict)
        reasons |= {fact: reason for fact, reason in found.items() if not reason.startswith("Unsupported")}
    return str(reasons)


@pytest.mark.parametrize("has_socket", [True, False], ids=["its socket remains", "its socket is removed"])
def test_a_killed_daemon_is_disconnected_at_once_and_connected_at_once(
    libvirtd: Libvirtd, console: Console, has_socket: bool
) -> None:
    libvirtd.signal(signal.SIGKILL)
    if not has_socket:
        libvirtd.socket.unlink()
    until(lambda: hypervisor(console) == ["hypervisorDisconnected"], SOON)
    (lost,) = console.events("hypervisorDisconnected")
    assert lost.values["driver"] == "libvirt-kvm"
    until(lambda: "libvirt-sock" in failures(console), 5, lambda: failures(console))
    time.sleep(3)  # several reads of the statistics fail meanwhile
    libvirtd.start()
    until(lambda: "hypervisorConnected" in hypervisor(console), SOON)
    until(lambda: "libvirt-sock" not in failures(console), 5, lambda: failures(console))
    time.sleep(2)
    assert hypervisor(console) == ["hypervisorDisconnected", "hypervisorConnected"]
    assert {str(one.values["driver"]) for one in console.events("driverFailed")} == {"libvirt-kvm"}
    failed = sorted(str(one.values["group"]) for one in console.events("driverFailed"))
    assert "guests" in failed
    assert failed == sorted(str(one.values["group"]) for one in console.events("driverRecovered"))


def test_a_restart_between_two_reads_is_disconnected_and_connected(libvirtd: Libvirtd, console: Console) -> None:
    libvirtd.signal(signal.SIGTERM)
    assert libvirtd.process is not None
    libvirtd.process.wait(20)
    libvirtd.start()
    until(
        lambda: hypervisor(console) == ["hypervisorDisconnected", "hypervisorConnected"],
        5,
        lambda: str(hypervisor(console)),
    )
    until(lambda: "libvirt-sock" not in failures(console), 5, lambda: failures(console))
    time.sleep(2)
    assert hypervisor(console) == ["hypervisorDisconnected", "hypervisorConnected"]


def test_a_hanging_daemon_is_disconnected_once_and_connected_when_it_continues(
    libvirtd: Libvirtd, console: Console
) -> None:
    libvirtd.signal(signal.SIGSTOP)
    until(lambda: hypervisor(console) == ["hypervisorDisconnected"], 20)
    time.sleep(17)  # both a call's deadline and keepalive have found it
    assert hypervisor(console) == ["hypervisorDisconnected"]
    libvirtd.signal(signal.SIGCONT)
    until(lambda: "hypervisorConnected" in hypervisor(console), 5)
    time.sleep(3)
    assert hypervisor(console) == ["hypervisorDisconnected", "hypervisorConnected"]
    assert "libvirt-sock" not in failures(console)
