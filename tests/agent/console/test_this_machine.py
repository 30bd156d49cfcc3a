"""``hostinfo console`` against this machine's agent, compared with what other programs report."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.support.command import ENTRY, environment
from tests.support.console_program import Program, rows


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """This machine's agent, as the README starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("own")
    url = f"amqp://127.0.0.1:{port}"
    line = [sys.executable, "-c", ENTRY, "agent", "--listen", url, "--state", str(folder)]
    running = subprocess.Popen(line, env=environment(folder), stderr=subprocess.DEVNULL)
    found = Program(folder, url)
    end = time.monotonic() + 20
    while found("list", "--seconds", "1").returncode != 0:
        assert running.poll() is None
        assert time.monotonic() < end
    yield found
    running.terminate()
    running.wait(20)


def test_this_machines_processors_are_those_of_lscpu(program: Program) -> None:
    expected = json.loads(subprocess.run(["lscpu", "-e", "-J"], capture_output=True, check=True).stdout)["cpus"]
    found = program.json("get", "processor", "--where", "isOnline=true")
    numbers = sorted((one["values"]["number"], one["values"]["coreId"]) for one in found)  # type: ignore[index]
    assert numbers == sorted((cpu["cpu"], cpu["core"]) for cpu in expected if cpu.get("online", True))


def test_this_machines_addresses_are_those_of_ip(program: Program) -> None:
    """Other tests create and delete links at the same time: at some moment both views are equal."""
    end = time.monotonic() + 30
    while (found := _agents_addresses(program)) != (wanted := _addresses_of_ip()) and time.monotonic() < end:
        time.sleep(0.5)
    assert found == wanted


def _agents_addresses(program: Program) -> set[tuple[object, ...]]:
    values = [one["values"] for one in program.json("get", "networkAddress")]
    return {(one["interfaceName"], one["address"], one["prefixLength"]) for one in values}  # type: ignore[index]


def _addresses_of_ip() -> set[tuple[object, ...]]:
    links = json.loads(subprocess.run(["ip", "-j", "address"], capture_output=True, check=True).stdout)
    return {
        (link["ifname"], one["local"], one["prefixlen"])
        for link in links
        if "ifname" in link
        for one in link["addr_info"]
    }


def test_this_machine_has_its_host_name(program: Program) -> None:
    hostname = subprocess.run(["hostname"], capture_output=True, text=True, check=True).stdout.strip()
    assert [row[0] for row in rows(program("list", "--columns", "node"))] == [hostname]
    assert program("get", "ovirtNode", "--node", hostname[:2]).returncode == 0
