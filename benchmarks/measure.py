"""CPU time and peak memory of programs, run in turn, so that other load of the machine affects all of them.

CPU time is user and system time of the process and of the children that it waited for, wait4(2). Wall-clock time is
not measured, because it depends on the other load.
"""

from __future__ import annotations

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
"""Executed by a Python without modules: a process inherits the peak memory of the process that started it."""


@dataclass(frozen=True, slots=True)
class Run:
    """Exit code and resources of one run of a program."""

    status: int
    cpu_seconds: float
    peak_mib: float


def run(command: Sequence[str]) -> Run:
    """Run a program and discard its output. Raise SystemExit if it could not be started."""
    # Without cached bytecode, Python would compile all modules at every start.
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
    """Return the medians of each program over `rounds` runs, after one run that fills the caches."""
    for command in programs.values():
        run(command)
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            runs[name].append(run(command))
    return {
        name: Run(
            status=max(run.status for run in results),
            cpu_seconds=statistics.median(run.cpu_seconds for run in results),
            peak_mib=statistics.median(run.peak_mib for run in results),
        )
        for name, results in runs.items()
    }
