"""The libvirt drivers against a real libvirtd on a private socket, and libvirt's own mock host."""

import gc
import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import hostinfo
from hostinfo import registry
from hostinfo.errors import DriverError, ReadError, Unavailable, Unsupported
from hostinfo.testing import check_driver
from tests.support.agent_process import until
from tests.support.libvirt_daemon import Libvirtd, running_libvirtd

libvirt = pytest.importorskip("libvirt", reason="hostinfo[libvirt] is not installed")


@pytest.fixture(scope="module")
def libvirtd() -> Iterator[Libvirtd]:
    with running_libvirtd() as daemon:
        yield daemon


@pytest.fixture
def remote(libvirtd: Libvirtd) -> Iterator[hostinfo.HostInfo]:
    with hostinfo.open(libvirtd.tcp_uri) as host:
        yield host


def test_topology_over_tcp_is_that_of_lscpu(remote: hostinfo.HostInfo) -> None:
    cpu = remote.cpu().value
    rows = [
        tuple(int(field or 0) for field in line.split(","))
        for line in subprocess.check_output(["lscpu", "-p=CPU,CORE,SOCKET"], text=True).splitlines()
        if not line.startswith("#")
    ]
    assert cpu.threads == len(rows)
    assert cpu.sockets == len({socket for _, _, socket in rows})
    assert cpu.cores == len({(socket, core) for _, core, socket in rows})
    assert [processor.number for processor in cpu.processors] == [number for number, _, _ in rows]


def test_signature_is_that_of_lscpu(remote: hostinfo.HostInfo) -> None:
    cpu = remote.cpu().value
    fields = {
        row["field"].rstrip(":"): row["data"]
        for row in _flat(json.loads(subprocess.check_output(["lscpu", "-J"], text=True))["lscpu"])
    }
    assert cpu.vendor_id == fields["Vendor ID"]
    assert (cpu.family, cpu.model) == (int(fields["CPU family"]), int(fields["Model"]))


def _flat(rows: list[dict[str, object]]) -> Iterator[dict[str, str]]:
    for row in rows:
        yield {"field": str(row["field"]), "data": str(row["data"])}
        children = row.get("children")
        if isinstance(children, list):
            yield from _flat(children)


def test_memory_is_the_kernels_and_not_getinfos_sum_of_nodes(remote: hostinfo.HostInfo) -> None:
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    assert remote.memory().value.total_bytes == int(total.split()[1]) * 1024


def test_the_named_model_is_not_reported_as_the_model_name(remote: hostinfo.HostInfo) -> None:
    fact = remote.cpu()
    assert fact.value.model_name is None
    assert any(problem.path == "model_name" and isinstance(problem.error, Unsupported) for problem in fact.problems)


def test_a_remote_host_has_no_facts_of_this_machine(libvirtd: Libvirtd) -> None:
    with hostinfo.open(libvirtd.tcp_uri) as host:
        with pytest.raises(Unsupported):
            host.domain()
        assert {driver.name for driver in host.drivers()} == {"libvirt-kvm"}
        assert host.system().value.machine_id is None  # this machine's would be a local fact


def test_remote_links_have_this_machines_macs_and_no_invented_speed(remote: hostinfo.HostInfo) -> None:
    macs = {path.parent.name: path.read_text().strip() for path in Path("/sys/class/net").glob("*/address")}
    for link in remote.network().value.links:
        assert link.mac == macs[link.name]
        assert link.speed_mbps != 4294967295


def test_drivers_keep_the_contract(libvirtd: Libvirtd) -> None:
    for uri in (libvirtd.tcp_uri, "test:///default"):
        with hostinfo.open(uri) as host:
            drivers = host.drivers()
            assert drivers
            for driver in drivers:
                check_driver(driver)


def test_a_remote_host_offers_the_groups_of_its_row(libvirtd: Libvirtd) -> None:
    """A group that is missing in the row would never be read."""
    (row,) = [row for row in registry.BUILT_IN if row.name == "libvirt-kvm"]
    with hostinfo.open(libvirtd.tcp_uri) as host:
        (driver,) = host.drivers()
        assert set(driver.readers) == row.groups


def test_guests_of_libvirts_mock_host_are_its_published_one() -> None:
    with hostinfo.open("test:///default") as host:
        (guest,) = host.guests().value.guests
    # libvirt's test driver always has this domain: src/test/test_driver.c
    assert (guest.name, guest.uuid) == ("test", "6695eb01-f6a4-8304-79aa-97f2502e193f")
    assert (guest.vcpus, guest.memory_bytes, guest.maximum_memory_bytes) == (2, 2 << 30, 8 << 30)
    assert guest.state == "running"


def test_with_a_local_daemon_the_kernel_provides_what_libvirt_lacks(libvirtd: Libvirtd) -> None:
    rows = _flat(json.loads(subprocess.check_output(["lscpu", "-J"], text=True))["lscpu"])
    (name,) = [row["data"] for row in rows if row["field"] == "Model name:"]
    with hostinfo.open(libvirtd.unix_uri) as host:
        assert host.cpu().value.model_name == name
        assert "127.0.0.1" in [address.address for address in host.network().value.addresses]
        assert host.guests().value.guests == ()
    with hostinfo.open(libvirtd.tcp_uri) as host:  # a remote one may be any machine
        assert host.cpu().value.model_name is None


def test_a_daemon_that_hangs_costs_one_deadline_for_all_groups(libvirtd: Libvirtd) -> None:
    with hostinfo.open(libvirtd.unix_uri) as host:
        host.guests()
        libvirtd.signal(signal.SIGSTOP)
        try:
            before = time.monotonic()
            results = dict(host.read_many(dict.fromkeys(("memory", "guests", "system", "statistics"))))
            took = time.monotonic() - before
        finally:
            libvirtd.signal(signal.SIGCONT)
        assert took < 7
        # the kernel provides memory and statistics in its place; nothing provides guests
        for group in ("memory", "statistics"):
            fact = results[group]
            assert isinstance(fact, hostinfo.GroupResult)
            assert "/proc" in "".join(fact.sources.values())
            assert [failed.driver for failed in fact.failed_drivers] == ["libvirt-kvm"]
            assert isinstance(fact.failed_drivers[0].error, ReadError)
        assert isinstance(results["guests"], ReadError)
        time.sleep(0.5)
        assert host.guests().problems == ()  # the daemon responds again


def test_a_daemon_that_hangs_before_it_is_opened_is_an_error_in_time(libvirtd: Libvirtd) -> None:
    libvirtd.signal(signal.SIGSTOP)
    try:
        before = time.monotonic()
        with hostinfo.open(libvirtd.tcp_uri) as host, pytest.raises(DriverError, match="timed out after"):
            host.guests()
        assert time.monotonic() - before < 7
    finally:
        libvirtd.signal(signal.SIGCONT)


def test_a_hanging_daemon_is_not_called_by_more_and_more_threads(
    libvirtd: Libvirtd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTINFO_DEADLINE_SECONDS", "0.2")
    libvirtd.signal(signal.SIGSTOP)
    try:
        for _ in range(8):
            with hostinfo.open(libvirtd.tcp_uri) as host, pytest.raises(DriverError):
                host.guests()
        assert sum(libvirtd.tcp_uri in thread.name for thread in threading.enumerate()) <= 4
        with (
            hostinfo.open(libvirtd.tcp_uri) as host,
            pytest.raises(DriverError, match="calls have not returned"),
        ):
            host.guests()
    finally:
        libvirtd.signal(signal.SIGCONT)
    until(lambda: not any(libvirtd.tcp_uri in thread.name for thread in threading.enumerate()), 10)
    monkeypatch.delenv("HOSTINFO_DEADLINE_SECONDS")
    with hostinfo.open(libvirtd.tcp_uri) as host:
        assert host.guests().problems == ()


def test_a_killed_daemon_is_used_again_when_it_is_back(libvirtd: Libvirtd) -> None:
    with hostinfo.open(libvirtd.tcp_uri) as host:
        host.guests()
        libvirtd.signal(signal.SIGKILL)
        with pytest.raises(DriverError):
            host.guests()
        libvirtd.start()
        assert host.guests().problems == ()
        # a restart between two reads costs only a new connection
        libvirtd.signal(signal.SIGKILL)
        libvirtd.start()
        assert host.guests().problems == ()


def test_no_daemon_is_one_error_and_nothing_on_stderr(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    uri = f"qemu:///session?socket={tmp_path}/nothing"
    with hostinfo.open(uri) as host, pytest.raises(Unavailable, match="nothing"):
        host.guests()
    assert capfd.readouterr().err == ""


def test_a_connection_to_a_hanging_daemon_is_dropped_without_waiting(libvirtd: Libvirtd) -> None:
    host = hostinfo.open(libvirtd.tcp_uri)
    host.guests()
    libvirtd.signal(signal.SIGSTOP)
    try:
        before = time.monotonic()
        del host  # libvirt's own object would call the daemon to close, in whatever thread drops it, and wait forever
        gc.collect()
        assert time.monotonic() - before < 2
    finally:
        libvirtd.signal(signal.SIGCONT)
