"""Links by the thousand: CPU time and peak memory of hostinfo beside ``ip`` and facter, in a namespace made here.

Needs root and iproute2; takes some minutes, most of them the kernel's for making the links:

    python benchmarks/network.py [--rounds 5] [LINKS ...]

Half the links are ports of bridges with at most 500 ports, half their veth peers with one IPv4 address each.
Prints medians, ratios to ``ip -j -d -s addr``, and the growth from the first size to the last.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys

BRIDGE_PORTS = 500
TARGETS = "targets: at most 4.0 x ip, 0.2 x facter, 90 MiB at 4,000 links, linear growth"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("links", nargs="*", type=int, default=[1000, 4000], help="numbers of links (1000 4000)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each program (5)")
    options = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("ip") is None:
        print("benchmarks/network.py: needs root and iproute2", file=sys.stderr)
        return 2
    sizes = {count: measured(count, options.rounds) for count in options.links}
    first, last = min(sizes), max(sizes)
    if first != last:
        growth = sizes[last]["hostinfo"][0] / sizes[first]["hostinfo"][0]
        print(f"growth of hostinfo's CPU time: {growth:.1f} x for {last / first:.1f} x the links")
    print(TARGETS)
    return 0


def programs() -> dict[str, list[str]]:
    """The peers that are there, and us."""
    found = {
        "hostinfo": [sys.executable, "-m", "hostinfo", "dump", "network", "--json"],
        "ip": ["ip", "-j", "-d", "-s", "addr"],
    }
    if shutil.which("facter"):
        found["facter"] = ["facter", "-j", "networking"]
    return found


def measured(count: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Seconds of CPU and MiB of peak memory of each program at this number of links: medians."""
    name = f"hostinfo-benchmark-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        batch(name, count)
        runs: dict[str, list[tuple[float, float]]] = {program: [] for program in programs()}
        for _ in range(rounds):  # in turn, so that what else the machine does hits all alike
            for program, command in programs().items():
                runs[program].append(run(["ip", "netns", "exec", name, *command]))
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)
    medians = {program: (statistics.median(r[0] for r in each), statistics.median(r[1] for r in each))
               for program, each in runs.items()}  # fmt: skip
    base = medians["ip"][0]
    print(f"\n{count} links            CPU s   x ip   peak MiB")
    for program, (seconds, peak) in medians.items():
        print(f"  {program:18} {seconds:7.3f} {seconds / base:6.1f} {peak:10.1f}")
    if "facter" in medians:
        print(f"  hostinfo is {medians['hostinfo'][0] / medians['facter'][0]:.2f} of facter")
    return medians


def batch(name: str, count: int) -> None:
    lines = ["link set lo up"]
    for number in range(count // 2):
        bridge = f"br{number // BRIDGE_PORTS}"
        if number % BRIDGE_PORTS == 0:
            lines += [f"link add {bridge} type bridge", f"link set {bridge} up"]
        lines += [
            f"link add v{number} type veth peer name w{number}",
            f"link set v{number} master {bridge} up",
            f"link set w{number} up",
            f"addr add 10.{number // 250}.{number % 250}.1/24 brd + dev w{number}",
        ]
    subprocess.run(["ip", "-n", name, "-batch", "-"], input="\n".join(lines), text=True, check=True)


def run(command: list[str]) -> tuple[float, float]:
    """CPU seconds and peak MiB of one run; what ``ip netns exec`` adds is part of all alike."""
    # Where Python may not keep what it compiled, it compiles all modules at every start.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    process = os.posix_spawnp(command[0], command, environment, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])  # fmt: skip
    _, status, usage = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 3):  # 3: hostinfo told all but something
        raise SystemExit(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}")
    return cpu(usage), usage.ru_maxrss / 1024


def cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
