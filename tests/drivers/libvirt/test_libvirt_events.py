"""Change notifications of libvirt, from a real libvirtd with a real QEMU, and from libvirt's mock host."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import hostinfo
from hostinfo import registry
from hostinfo.watch import Watch
from tests.support.agent_process import ROOT, until
from tests.support.libvirt_daemon import Libvirtd, running_libvirtd

libvirt = pytest.importorskip("libvirt", reason="hostinfo[libvirt] is not installed")
DOMAIN = """
<domain type='qemu'><name>guest1</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>
"""


@pytest.fixture
def libvirtd() -> Iterator[Libvirtd]:
    with running_libvirtd() as daemon:
        yield daemon


class Notified:
    """Collects in a thread what a watch reports."""

    def __init__(self, watch: Watch) -> None:
        self.groups: list[str] = []
        self.connections: list[str] = []
        self._watch = watch
        self._ends = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._ends:
            groups = self._watch.wait(60, debounce=0)
            self.connections += ["back" if error is None else "lost" for _, error in self._watch.connections()]
            self.groups += groups

    def close(self) -> None:
        self._ends = True
        self._watch.wake()
        self._thread.join(5)


@contextmanager
def watching(uri: str) -> Iterator[Notified]:
    with hostinfo.open(uri) as host, host.watch({"guests"}) as watch:
        assert watch.problems == []
        notified = Notified(watch)
        try:
            until(lambda: notified.connections == ["back"] and "guests" in notified.groups, 10)
            notified.groups.clear()
            notified.connections.clear()
            yield notified
        finally:
            notified.close()


def test_a_domain_of_the_mock_host_that_stops_and_starts_is_a_change() -> None:
    other = libvirt.open("test:///default")
    with watching("test:///default") as notified, hostinfo.open("test:///default") as host:
        for act, state in (
            ("destroy", "shut off"),
            ("create", "running"),
            ("suspend", "paused"),
            ("resume", "running"),
        ):
            notified.groups.clear()
            getattr(other.lookupByName("test"), act)()
            until(lambda: "guests" in notified.groups, 5)
            assert [guest.state for guest in host.guests().value.guests] == [state]
        assert notified.connections == []
    other.close()


def test_a_guest_of_qemu_that_starts_and_is_killed_is_a_change(libvirtd: Libvirtd) -> None:
    other = libvirt.open(libvirtd.unix_uri)
    with watching(libvirtd.unix_uri) as notified, hostinfo.open(libvirtd.unix_uri) as host:
        try:
            other.createXML(DOMAIN, 0)
        except libvirt.libvirtError as error:
            pytest.skip(f"this libvirtd starts no guest: {error}")
        until(lambda: "guests" in notified.groups, 5)
        assert [(guest.name, guest.state) for guest in host.guests().value.guests] == [("guest1", "running")]
        notified.groups.clear()
        pid = next(libvirtd.folder.rglob("guest1.pid")).read_text()
        subprocess.run(["kill", "-KILL", pid.strip()], check=True)

        def is_gone() -> bool:
            """The start of a guest has several events, and the last one may come only now."""
            if "guests" not in notified.groups:
                return False
            notified.groups.clear()
            return host.guests().value.guests == ()

        until(is_gone, 5)
    other.close()


@pytest.mark.parametrize("has_socket", [True, False], ids=["socket file stays", "socket file is removed"])
def test_a_daemon_that_is_killed_is_lost_once_and_back_once(libvirtd: Libvirtd, has_socket: bool) -> None:
    with watching(libvirtd.unix_uri) as notified:
        libvirtd.signal(signal.SIGKILL)
        until(lambda: notified.connections == ["lost"], 2)
        if not has_socket:
            libvirtd.socket.unlink()
        time.sleep(2)
        libvirtd.start()
        until(lambda: notified.connections == ["lost", "back"], 2)
        time.sleep(1)
        assert notified.connections == ["lost", "back"]
        assert notified.groups.count("guests") == 2


def test_a_restart_is_reported_even_if_nothing_was_read_meanwhile(libvirtd: Libvirtd) -> None:
    with watching(libvirtd.unix_uri) as notified:
        libvirtd.signal(signal.SIGTERM)
        assert libvirtd.process is not None
        libvirtd.process.wait(20)
        libvirtd.start()
        until(lambda: notified.connections == ["lost", "back"], 3)


def test_a_daemon_that_stops_responding_is_lost_and_back_when_it_continues(
    libvirtd: Libvirtd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hostinfo.drivers.sources.libvirt.event_loop.KEEPALIVE_SECONDS", 1)
    with watching(libvirtd.unix_uri) as notified:
        libvirtd.signal(signal.SIGSTOP)
        until(lambda: notified.connections == ["lost"], 10)
        time.sleep(2)
        assert notified.connections == ["lost"]
        libvirtd.signal(signal.SIGCONT)
        until(lambda: notified.connections == ["lost", "back"], 3)


def test_a_daemon_on_another_host_is_found_again_by_reconnecting(libvirtd: Libvirtd) -> None:
    with watching(libvirtd.tcp_uri) as notified:
        libvirtd.signal(signal.SIGKILL)
        until(lambda: notified.connections == ["lost"], 2)
        libvirtd.start()
        until(lambda: notified.connections == ["lost", "back"], 10)


def test_a_daemon_that_starts_after_the_watch_is_reported(libvirtd: Libvirtd) -> None:
    libvirtd.signal(signal.SIGKILL)
    folder = libvirtd.socket.parent
    moved = folder.with_name(folder.name + "-moved")
    folder.rename(moved)  # not even the folder exists yet
    try:
        with hostinfo.open(libvirtd.unix_uri) as host, host.watch({"guests"}) as watch:
            assert watch.has_monitors
            assert watch.wait(1) == frozenset()
            moved.rename(folder)
            libvirtd.start()
            assert "guests" in watch.wait(5)
            assert watch.connections() == [("libvirt-kvm", None)]  # it was not lost: there was none before
            assert host.guests().value.guests == ()
    finally:
        if moved.exists():
            moved.rename(folder)


def test_the_guests_of_a_daemon_that_starts_later_are_reported(
    libvirtd: Libvirtd, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hostinfo.drivers.libvirt import kvm

    monkeypatch.setattr(kvm, "SOCKETS", (str(libvirtd.socket),))
    monkeypatch.setattr(kvm, "LOCAL_URI", libvirtd.unix_uri)
    libvirtd.signal(signal.SIGKILL)
    libvirtd.socket.unlink()
    (factory,) = [row for row in registry.BUILT_IN if row.name == kvm.NAME]
    with hostinfo.HostInfo([factory.for_uri(None)]) as host, host.watch() as watch:
        with pytest.raises(hostinfo.Unsupported, match="no libvirt daemon runs here"):
            host.guests()
        libvirtd.start()
        assert watch.wait(5) == {"guests"}
        assert host.guests().value.guests == ()


@pytest.mark.parametrize(("machine", "is_monitored"), [("qemu-q35-xen", True), ("qemu-q35-kvm", False)])
def test_xens_daemon_is_monitored_in_a_dom0_only(machine: str, is_monitored: bool) -> None:
    from hostinfo.drivers.dom0 import libvirt as xen
    from hostinfo.drivers.sources.sources import Sources
    from hostinfo.drivers.sources.tree import Tree

    sources = Sources(tree=Tree(str(ROOT / "tests" / "fixtures" / machine / "root")))
    assert bool(xen.monitors_of(None, sources)) is is_monitored


def test_a_watch_of_a_hanging_daemon_opens_and_closes_at_once(libvirtd: Libvirtd) -> None:
    for hangs_before in (True, False):
        with hostinfo.open(libvirtd.unix_uri) as host:
            if hangs_before:
                libvirtd.signal(signal.SIGSTOP)
            before = time.monotonic()
            watch = host.watch({"guests"})
            if not hangs_before:
                assert "guests" in watch.wait(5)
                libvirtd.signal(signal.SIGSTOP)
            watch.close()
            try:
                assert time.monotonic() - before < 2
            finally:
                libvirtd.signal(signal.SIGCONT)


def test_closed_watches_leave_neither_threads_nor_descriptors(libvirtd: Libvirtd) -> None:
    def held() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    with watching(libvirtd.unix_uri):
        pass  # the event loop is never stopped
    time.sleep(1)
    before = held()
    for _ in range(20):
        with watching(libvirtd.unix_uri):
            pass
    until(lambda: held() <= before, 5, lambda: f"{before} -> {held()}")


def test_hostinfo_watch_reports_guests_and_the_daemon(libvirtd: Libvirtd) -> None:
    command = [sys.executable, "-m", "hostinfo", "--connect", libvirtd.unix_uri, "watch", "--json", "guests"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True) as run:
        lines: list[dict[str, str | None]] = []
        reader = threading.Thread(target=lambda: lines.extend(map(json.loads, run.stdout or ())))
        reader.start()
        try:
            time.sleep(2)  # it is connected
            other = libvirt.open(libvirtd.unix_uri)
            other.defineXML(DOMAIN)
            until(lambda: [one["path"] for one in lines] == ["guests.guests[guest1]"], 5, lambda: str(lines))
            other.close()
            libvirtd.signal(signal.SIGKILL)
            until(lambda: "errors[guests]" in [one["path"] for one in lines], 5, lambda: str(lines))
            libvirtd.start()
            until(lambda: lines[-1]["path"] == "errors[guests]" and lines[-1]["new"] is None, 5, lambda: str(lines))
        finally:
            run.send_signal(signal.SIGINT)
            reader.join(10)
    changes = [(one["path"], one["old"] is None, one["new"] is None) for one in lines[1:]]
    assert ("errors[libvirt-kvm]", True, False) in changes
    assert ("errors[libvirt-kvm]", False, True) in changes
    assert run.returncode == 0


def test_a_connection_is_not_closed_under_a_call_that_uses_it(
    libvirtd: Libvirtd, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Calls that were abandoned, and connections that keepalive breaks during a call."""
    monkeypatch.setattr("hostinfo.drivers.sources.libvirt.event_loop.KEEPALIVE_SECONDS", 1)
    monkeypatch.setenv("HOSTINFO_DEADLINE_SECONDS", "0.5")
    held = len(list(Path("/proc/self/fd").iterdir()))
    ends = threading.Event()

    def read_guests() -> None:
        with hostinfo.open(libvirtd.unix_uri) as host:
            while not ends.is_set():
                with contextlib.suppress(hostinfo.HostInfoError):
                    host.guests()

    with watching(libvirtd.unix_uri):
        threads = [threading.Thread(target=read_guests) for _ in range(4)]
        for thread in threads:
            thread.start()
        for seconds in (1, 2.9, 3.1):
            libvirtd.signal(signal.SIGSTOP)
            time.sleep(seconds)
            libvirtd.signal(signal.SIGCONT)
            time.sleep(1)
        ends.set()
        for thread in threads:
            thread.join(10)
    until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= held + 3, 10, lambda: "descriptors are left")
    assert "virObject" not in capfd.readouterr().err  # libvirt's message about an object that was freed
