"""A second guard in systemd: a transient timer, systemd-run(1), for a service whose processes are killed with it.

systemd kills all processes of a service when it stops, also those of a session of their own; the service that changes
the network stops when it is idle. The timer belongs to systemd. It starts in the network namespace of systemd, so it is
used only where that is the namespace of the transaction.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from hostinfo.errors import ActionRefused

UNIT = "hostinfo-network-guard-"
"""Prefix of the unit's name; the ID of the transaction follows."""
LATER_SECONDS = 1.0
"""The process acts at the deadline; the timer starts a guard only if there is no process any more."""
COMMAND_SECONDS = 20.0
"""systemd answers within milliseconds; on a starved host the change is refused after this time."""


def is_usable() -> bool:
    """Whether systemd is PID 1, this process may use it, and both are in the same network namespace."""
    if os.geteuid() != 0 or not os.path.isdir("/run/systemd/system") or shutil.which("systemd-run") is None:
        return False
    try:
        # Not /proc/1/ns/net, which a service with few capabilities may not read. Each namespace has files of its own.
        return os.stat("/proc/self/net/dev").st_ino == os.stat("/proc/1/net/dev").st_ino
    except OSError:
        return False


def start(name: str, command: Sequence[str], seconds: float) -> None:
    """Have systemd start a guard after this time. ActionRefused: systemd does not accept the timer."""
    options = (
        "--quiet", "--collect", f"--unit={UNIT}{name}", f"--description=Roll back network transaction {name}",
        f"--on-active={seconds + LATER_SECONDS:.3f}s", "--timer-property=AccuracySec=100ms",
        "--timer-property=RemainAfterElapse=no",
    )  # fmt: skip
    _run(name, ["systemd-run", *options, "--", *command])


def stop(name: str) -> None:
    """Remove the timer of a transaction that is decided, if there is one."""
    if is_usable():
        with suppress(ActionRefused):  # the guard that it starts finds the transaction decided, and ends
            _run(name, ["systemctl", "--quiet", "--no-block", "stop", f"{UNIT}{name}.timer"])


def _run(name: str, command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ActionRefused(command[0], f"no guard for transaction {name}: {error}") from error
    if done.returncode:
        raise ActionRefused(command[0], f"no guard for transaction {name}: {done.stderr.strip()}")
