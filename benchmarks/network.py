"""CPU time and peak memory of hostinfo, ``ip`` and facter with thousands of links, in a network namespace.

Needs root and iproute2. Takes some minutes, most of them for facter and for creating the links:

    python benchmarks/network.py [--rounds 5] [LINKS ...]

Half the links are ports of bridges with at most 500 ports, half their veth peers with one IPv4 address each.
Prints medians, ratios to ``ip -j -d -s addr``, and the growth from the first size to the last. ``ip`` reports links
and addresses, and is compared with these; the whole network group also has routes and the resolver. Measures the
hostinfo of this Python's environment.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import Run, compare

BRIDGE_PORTS = 500
OURS, WHOLE, IP, FACTER = "hostinfo, links and addresses", "hostinfo, whole network", "ip", "facter"
TARGETS = "targets for links and addresses: at most 4.0 x ip, 0.2 x facter, 90 MiB at 4,000 links, linear growth"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("links", nargs="*", type=int, default=[1000, 4000], help="numbers of links (1000 4000)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each program (5)")
    options = parser.parse_args()
    hostinfo = Path(sys.executable).parent / "hostinfo"  # the environment's, whatever PATH says
    for problem, is_so in (
        ("needs root", os.geteuid() != 0),
        ("needs iproute2", shutil.which("ip") is None),
        (f"no {hostinfo}; pip install . first", not hostinfo.exists()),
    ):
        if is_so:
            print(f"benchmarks/network.py: {problem}", file=sys.stderr)
            return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # removes the namespace
    sizes = {count: measured(str(hostinfo), count, options.rounds) for count in options.links}
    first, last = min(sizes), max(sizes)
    if first != last:
        growth = sizes[last][OURS].cpu_seconds / sizes[first][OURS].cpu_seconds
        print(f"growth of hostinfo's CPU time: {growth:.1f} x for {last / first:.1f} x the links")
    print(TARGETS)
    return 0


def measured(hostinfo: str, count: int, rounds: int) -> dict[str, Run]:
    """Print and return the medians of each program with this number of links."""
    with links(count) as enter:
        medians = compare({name: [*enter, *command] for name, command in programs(hostinfo).items()}, rounds)
    base = medians[IP].cpu_seconds
    print(f"\n{f'{count} links':32}  CPU s   x ip   peak MiB")
    for program, run in medians.items():
        print(f"  {program:30} {run.cpu_seconds:7.3f} {run.cpu_seconds / base:6.2f} {run.peak_mib:10.1f}")
        if run.status not in (0, 3):  # 3: hostinfo could not read a fact
            raise SystemExit(f"{program}: exit code {run.status}")
    if FACTER in medians:
        print(f"  hostinfo is {medians[OURS].cpu_seconds / medians[FACTER].cpu_seconds:.3f} of facter")
    return medians


def programs(hostinfo: str) -> dict[str, list[str]]:
    """Return the commands of the installed tools and of hostinfo."""
    found = {
        IP: ["ip", "-j", "-d", "-s", "addr"],
        OURS: [hostinfo, "dump", "network.links", "network.addresses", "--json"],
        WHOLE: [hostinfo, "dump", "network", "--json"],
    }
    return found | ({FACTER: ["facter", "-j", "networking"]} if shutil.which("facter") else {})


@contextmanager
def links(count: int) -> Iterator[list[str]]:
    """Create a namespace with `count` links; yield the command that executes others in it."""
    name = f"hostinfo-benchmark-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "-n", name, "-batch", "-"], input="\n".join(batch(count)), text=True, check=True)
        yield ["ip", "netns", "exec", name]
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def batch(count: int) -> Iterator[str]:
    """Yield the ip(8) commands that create the links."""
    yield "link set lo up"
    for number in range(count // 2):
        bridge = f"br{number // BRIDGE_PORTS}"
        if number % BRIDGE_PORTS == 0:
            yield f"link add {bridge} type bridge"
            yield f"link set {bridge} up"
        yield f"link add v{number} type veth peer name w{number}"
        yield f"link set v{number} master {bridge} up"
        yield f"link set w{number} up"
        yield f"addr add 10.{number // 250}.{number % 250}.1/24 brd + dev w{number}"


if __name__ == "__main__":
    sys.exit(main())
