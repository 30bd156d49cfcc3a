"""Runs inside the node, on its own Python: executes a list of steps in order and keeps the output of each.

Usage: job.py SHARE. Reads SHARE/steps.json; writes SHARE/out/NAME.{out,err}, and one line per step to
SHARE/out/results.jsonl.
"""

import json
import os
import signal
import subprocess
import sys
import time

ORDINARY_USER = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "PYTHONPATH": "/run/hostinfo",
    "HOME": "/tmp",
}


def run_step(step: dict[str, object], out: str) -> dict[str, object]:
    """Run one step: a shell command with a limit of time, as root or as an ordinary user."""
    name = str(step["name"])
    command = ["sh", "-c", str(step["command"])]
    if step.get("ordinary_user"):
        command = [*ORDINARY_USER, *command]
    with open(f"{out}/{name}.out", "wb") as stdout, open(f"{out}/{name}.err", "wb") as stderr:
        began = time.monotonic()
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=ENVIRONMENT,
            cwd="/tmp",
            start_new_session=True,
        )
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(child.pid, signal.SIGKILL))
        signal.alarm(int(str(step["limit_seconds"])))
        _, status, usage = os.wait4(child.pid, 0)
        signal.alarm(0)
    return {
        "name": name,
        "status": os.waitstatus_to_exitcode(status),
        "wall_seconds": round(time.monotonic() - began, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_kib": usage.ru_maxrss,
    }


def show_clock(share: str) -> None:
    """Let the host see how long two seconds of this node's clock really are."""
    with open(f"{share}/clock-begins", "w"):
        time.sleep(2)
    with open(f"{share}/clock-ends", "w"):
        pass


def main(share: str) -> None:
    out = f"{share}/out"
    os.makedirs(out, exist_ok=True)
    with open(f"{share}/steps.json") as file:
        steps = json.load(file)
    show_clock(share)
    for step in steps:
        with open(f"{share}/current-step", "w") as current:
            current.write(step["name"])
        result = run_step(step, out)
        with open(f"{out}/results.jsonl", "a") as results:
            results.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
