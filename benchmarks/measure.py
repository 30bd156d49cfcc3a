"""CPU time and peak memory of programs, run in turn: what else the machine does hits all alike.

CPU time is user and system time of the process and of the children that it waited for, wait4(2). Wall clock time is
not looked at: it tells of the machine's other work.
"""

import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SPAWN = """
import os, sys
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)])
_, status, usage = os.wait4(process, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""
"""Runs in a Python without anything: a process takes over the peak memory of the one that started it."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a program took."""

    status: int
    cpu_seconds: float
    peak_mib: float


def run(command: Sequence[str]) -> Run:
    """Run a program, its output discarded. SystemExit where it could not be started."""
    # Where Python may not keep what it compiled, it compiles all modules at every start.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    reader, writer = os.pipe()
    spawner = os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", "-c", _SPAWN, *command],
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)],
    )
    os.close(writer)
    with os.fdopen(reader) as pipe:
        words = pipe.read().split()
    os.waitpid(spawner, 0)
    if len(words) != 3:
        raise SystemExit(f"{command[0]}: could not be started")
    return Run(int(words[0]), float(words[1]), int(words[2]) / 1024)


def compare(programs: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Run]:
    """The medians of each program over so many rounds, after one round that fills the caches."""
    for command in programs.values():
        run(command)
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            runs[name].append(run(command))
    return {
        name: Run(
            status=max(each.status for each in them),
            cpu_seconds=statistics.median(each.cpu_seconds for each in them),
            peak_mib=statistics.median(each.peak_mib for each in them),
        )
        for name, them in runs.items()
    }
