"""The benchmarks run and print their tables. Their figures are meaningful on an idle machine only."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hostinfo
from tests.support.rabbitmq import require_version_4

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
HOSTINFO = Path(sys.executable).parent / "hostinfo"


def run(*words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, env=environment, timeout=600
    )


def measured(code: str) -> float:
    """Return the number that code prints which imports the benchmarks' modules."""
    environment = os.environ | {"PYTHONPATH": str(BENCHMARKS)}
    done = run("-c", f"import sys\nfrom measure import run\n{code}", environment=environment)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not HOSTINFO.exists(), reason="hostinfo is not installed in this Python's environment")
def test_whole_dumps_are_compared_and_judged() -> None:
    done = run(str(BENCHMARKS / "dump.py"), "--rounds", "1")
    assert done.returncode in (0, 1), done.stderr
    for name in ("python3 -c pass", "hostinfo dump --json", "hostinfo dump cpu.model_name", "256 CPUs, 64 nodes"):
        assert re.search(rf"^.*{re.escape(name)} +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9]+$", done.stdout, re.MULTILINE)
    verdicts = re.findall(r"^(reached|MISSED) +.*: [0-9.]+(?: MiB)?, at most", done.stdout, re.MULTILINE)
    assert len(verdicts) >= 3
    assert ("MISSED" in verdicts) == (done.returncode == 1)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
@pytest.mark.skipif(not HOSTINFO.exists(), reason="hostinfo is not installed in this Python's environment")
def test_links_are_compared_and_their_growth_printed() -> None:
    done = run(str(BENCHMARKS / "network.py"), "--rounds", "1", "20", "40")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^  hostinfo, whole network +[0-9.]+ +[0-9.]+ +[0-9.]+$", done.stdout, re.MULTILINE)
    assert "for 2.0 x the links" in done.stdout


def test_the_time_of_a_program_excludes_waiting() -> None:
    waiting = measured("print(run([sys.executable, '-c', 'import time; time.sleep(1)']).cpu_seconds)")
    working = measured(
        "print(run([sys.executable, '-c', 'import time\\nwhile time.process_time() < 1: pass']).cpu_seconds)"
    )
    assert waiting < 0.9
    assert working >= 1


def test_the_peak_memory_of_a_program_excludes_that_of_the_benchmark() -> None:
    mine = "ballast = bytearray(200 << 20)\n"
    small = measured(mine + "print(run([sys.executable, '-c', 'pass']).peak_mib)")
    large = measured("print(run([sys.executable, '-c', 'bytearray(100 << 20)']).peak_mib)")
    assert small < 100 < large


def test_a_missing_program_is_reported() -> None:
    environment = os.environ | {"PYTHONPATH": str(BENCHMARKS)}
    done = run("-c", "from measure import run; run(['/nowhere/hostinfo'])", environment=environment)
    assert done.returncode == 1
    assert "/nowhere/hostinfo: could not be started" in done.stderr


def test_the_large_machine_is_read_as_it_was_written(tmp_path: Path) -> None:
    specification = importlib.util.spec_from_file_location("machine", BENCHMARKS / "machine.py")
    assert specification is not None
    assert specification.loader is not None
    machine = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(machine)
    machine.make(tmp_path, cpus=32, nodes=4, packages=2)
    with hostinfo.open(f"sysfs://{tmp_path}") as host:
        cpu, numa = host.cpu(), host.numa()
    assert not cpu.problems
    assert not numa.problems
    assert (cpu.value.threads, cpu.value.sockets, cpu.value.cores, cpu.value.threads_per_core) == (32, 2, 16, 2)
    caches = [(cache.level, cache.size_bytes, cache.instances) for cache in cpu.value.caches]
    assert caches == [(1, 48 << 10, 16), (1, 32 << 10, 16), (2, 2 << 20, 16), (3, 32 << 20, 2)]
    assert [node.cpus for node in numa.value.nodes][1] == (4, 5, 6, 7, 20, 21, 22, 23)
    assert {node.total_bytes for node in numa.value.nodes} == {16 << 30}


@pytest.mark.slow
def test_a_fleet_at_the_embedded_exchange_is_listed_whole() -> None:
    pytest.importorskip("proton")
    done = run(str(BENCHMARKS / "agent.py"), "--only", "fleet", "--agents", "10", "--seconds", "10")
    assert done.returncode == 0, done.stderr
    assert re.search(r"heartbeats received / expected +\| +(?:9\d|1[0-2]\d) % ", done.stdout), done.stdout
    assert done.stdout.count("console list, 11 agents found") == 3
    assert done.stdout.count("one object of each of them: 11 answers") == 3


@pytest.mark.slow
def test_the_costs_of_connections_at_rabbitmq_4_are_printed() -> None:
    pytest.importorskip("proton")
    require_version_4()
    words = ("--agents", "20", "--seconds", "4", "--settle", "2", "--rows", "3")
    done = run(str(BENCHMARKS / "broker_costs.py"), *words)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()]
    empty, connections, queues = rows[2:]
    assert empty[0].startswith("no connection (RabbitMQ 4.")
    assert float(empty[2].replace(",", "")) > 10_000
    counted = rows[0].index("queues")
    assert [float(connections[counted]), float(queues[counted]) > 1] == [0, True]


@pytest.mark.slow
@pytest.mark.skipif(not HOSTINFO.exists(), reason="hostinfo is not installed in this Python's environment")
def test_a_late_console_reads_the_whole_stream() -> None:
    pytest.importorskip("proton")
    require_version_4()
    done = run(str(BENCHMARKS / "indication_stream.py"), "--only", "stream", "--rates", "50", "--seconds", "6")
    assert done.returncode == 0, done.stderr
    figures = [cell.strip() for cell in done.stdout.splitlines()[-1].strip("|").split("|")]
    assert figures[0] == "stream"
    assert [figure.split(",")[:2] for figure in figures[-4:]] == [["300 shown", " 0 lost"]] * 4
