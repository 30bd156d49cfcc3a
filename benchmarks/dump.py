"""CPU time and peak memory of hostinfo and of other inventory tools on one machine; medians of alternating runs.

    python benchmarks/dump.py [--rounds 15]

Measures the hostinfo of this Python's environment, and lshw, hwinfo, facter, lscpu, ip and psutil if they are
installed. Also measures a machine of 256 CPUs and 64 NUMA nodes, written to a temporary folder. Exit code 1 if a target
is missed. Run it as root, as inventories run: otherwise lshw and hwinfo read little.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from machine import make
from measure import Run, compare

START = "python3 -c pass"
PSUTIL = """
import json, psutil
print(json.dumps([
    psutil.cpu_count(), psutil.cpu_count(logical=False), psutil.cpu_freq(), psutil.cpu_times(percpu=True),
    psutil.cpu_stats(), psutil.getloadavg(), psutil.virtual_memory(), psutil.swap_memory(), psutil.net_if_addrs(),
    psutil.net_if_stats(), psutil.net_io_counters(pernic=True), psutil.boot_time()]))
"""
PEERS: dict[str, list[str]] = {
    "lshw -json": ["lshw", "-json"],
    "hwinfo --short": ["hwinfo", "--short"],
    "facter -j": ["facter", "-j"],
    "lscpu -J": ["lscpu", "-J"],
    "ip -j -d -s addr": ["ip", "-j", "-d", "-s", "addr"],
}
OURS = (
    "dump --json",
    "dump",
    "dump cpu.model_name",
    "dump network --json",
)
BIG = "256 CPUs, 64 nodes"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="runs of each program (15)")
    options = parser.parse_args()
    hostinfo = Path(sys.executable).parent / "hostinfo"  # the environment's, whatever PATH says
    if not hostinfo.exists():
        print(f"benchmarks/dump.py: no {hostinfo}; pip install . first", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        medians = compare(programs([str(hostinfo)], folder), options.rounds)
    show(medians)
    return 0 if False not in [judge(*target) for target in targets(medians)] else 1


def programs(hostinfo: Sequence[str], big: str) -> dict[str, list[str]]:
    """Return the commands of the installed tools and of hostinfo."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    found = {START: [sys.executable, "-c", "pass"]}
    for name, command in PEERS.items():
        if program := shutil.which(command[0], path=path):
            found[name] = [program, *command[1:]]
    try:
        import psutil
    except ImportError:
        pass
    else:
        found[f"psutil {psutil.__version__}"] = [sys.executable, "-c", PSUTIL]
    ours = {f"hostinfo {words}": [*hostinfo, *words.split()] for words in OURS}
    return found | ours | {f"the same, {BIG}": [*hostinfo, "-c", f"sysfs://{big}", "dump", "--json"]}


def show(medians: dict[str, Run]) -> None:
    base = medians["hostinfo dump --json"].cpu_seconds
    print(f"{'':38}  CPU ms  ratio  peak MiB  exit code")
    for name, run in medians.items():
        print(
            f"{name:38} {run.cpu_seconds * 1000:7.1f} {run.cpu_seconds / base:6.2f} {run.peak_mib:9.1f} {run.status:6}"
        )
    print("ratio: to hostinfo dump --json\n")


def targets(medians: dict[str, Run]) -> list[tuple[str, float, float, str]]:
    """Return each target that can be checked here: name, measured value, maximum, unit."""
    dump, one = medians["hostinfo dump --json"], medians["hostinfo dump cpu.model_name"]
    found = [
        (f"hostinfo dump --json / {peer}", dump.cpu_seconds / medians[peer].cpu_seconds, maximum, "")
        for peer, maximum in (("lshw -json", 1.0), ("facter -j", 0.2))
        if peer in medians
    ]
    return [
        *found,
        ("peak memory of hostinfo dump --json", dump.peak_mib, 40, " MiB"),
        (f"hostinfo dump cpu.model_name / {START}", one.cpu_seconds / medians[START].cpu_seconds, 3.0, ""),
        (f"{BIG} / this machine", medians[f"the same, {BIG}"].cpu_seconds / dump.cpu_seconds, 2.5, ""),
    ]


def judge(name: str, measured: float, maximum: float, unit: str) -> bool:
    """Print whether a target is reached, and return it."""
    is_reached = measured <= maximum
    print(f"{'reached' if is_reached else 'MISSED ':8} {name}: {measured:.2f}{unit}, at most {maximum:g}{unit}")
    return is_reached


if __name__ == "__main__":
    sys.exit(main())
