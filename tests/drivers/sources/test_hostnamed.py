"""hostnamed on a real bus, and a bus that never replies."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

HOSTNAMED = next((path for path in ("/lib/systemd/systemd-hostnamed", "/usr/lib/systemd/systemd-hostnamed")
                  if os.path.exists(path)), None)  # fmt: skip


BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={socket}</listen><auth>EXTERNAL</auth><policy context="default">
<allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="signal"/><allow receive_type="method_return"/>
<allow receive_type="error"/></policy></busconfig>
"""


PROGRAM = "from hostinfo.drivers.sources.hostnamed import call; print(call({member!r}))"


def call_hostnamed(address: str, member: str) -> subprocess.CompletedProcess[str]:
    """Call hostnamed in a new process: libdbus reads the address of the bus only once."""
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}
    command = [sys.executable, "-c", PROGRAM.format(member=member)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


def wait_for(path: Path) -> None:
    for _ in range(200):
        if path.exists():
            return
        time.sleep(0.05)
    raise TimeoutError(path)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    """Return the address of a separate real bus with a real hostnamed."""
    pytest.importorskip("dbus")
    daemon = shutil.which("dbus-daemon")
    if daemon is None or HOSTNAMED is None or os.geteuid() != 0:
        pytest.skip("needs root, dbus-daemon and systemd-hostnamed")
    address = tmp_path / "bus"
    (tmp_path / "bus.conf").write_text(BUS.format(socket=address))
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={address}"}
    devnull = subprocess.DEVNULL
    with subprocess.Popen([daemon, f"--config-file={tmp_path}/bus.conf", "--nofork"], stderr=devnull) as server:
        wait_for(address)
        with subprocess.Popen([HOSTNAMED], env=environment, stderr=devnull) as service:
            yield f"unix:path={address}"
            service.kill()
        server.kill()


@pytest.mark.root
def test_a_real_hostnamed_is_called(bus: str) -> None:
    done = call_hostnamed(bus, "Hostname")
    for _ in range(20):
        if done.returncode == 0:
            break
        time.sleep(0.2)
        done = call_hostnamed(bus, "Hostname")
    assert done.stdout.strip() == socket.gethostname()
    assert "ReadError: org.freedesktop.hostname1: NoSuch" in call_hostnamed(bus, "NoSuch").stderr


def test_a_bus_that_never_replies_costs_a_second(tmp_path: Path) -> None:
    pytest.importorskip("dbus")
    path = tmp_path / "silent"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        program = (
            "import time; from hostinfo.drivers.sources.hostnamed import call; from hostinfo.errors import ReadError\n"
            "begun = time.monotonic()\n"
            "try: call('Hostname')\n"
            "except ReadError as error: print(time.monotonic() - begun, error)\n"
        )
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}"}
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, timeout=60)
    seconds, _, message = done.stdout.partition(" ")
    assert 0.9 < float(seconds) < 3
    assert "no reply within 1 s" in message
