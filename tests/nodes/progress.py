"""How far a boot has got, from its serial log and its share; every limit of time is enforced here."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING

from .settings import BOOT_SECONDS

if TYPE_CHECKING:
    import subprocess
    import threading
    from collections.abc import Callable
    from pathlib import Path

POLL_SECONDS = 0.25
REPORT_SECONDS = 15
CLOCK_SECONDS = 12
MILESTONES = (
    (r"\(XEN\) Xen version (\S+)", "Xen {0} starts"),
    (r"\(XEN\) Brought up (\d+) CPUs", "Xen has brought up {0} CPUs"),
    (r"\(XEN\) \*\*\* Serial input to DOM0|\(XEN\) Freed \d+kB init memory", "Dom0's kernel starts"),
    (r"node: initial ramdisk", "Linux is up, in its initial ramdisk"),
    (r"node: root is mounted", "the root disk is mounted; waiting for its services"),
    (r"node: job begins", "the job begins"),
)
LOCKUP = re.compile(r"watchdog: BUG: soft lockup - CPU#\d+ stuck for (\d+)s")
LOCKUP_SECONDS = 200
"""A CPU that is only slow under emulation is reported with less than a minute."""
FATAL = re.compile(r"Kernel panic[^\r\n]*|Panic on CPU[^\r\n]*|d0v\d+ Unhandled[^\r\n]*|Unable to mount root[^\r\n]*")


class BootError(Exception):
    """The node did not boot, or did not finish its steps in time."""


class SlowClockError(BootError):
    """The node's clock is too slow: on a busy host Xen may calibrate the time stamp counter wrongly."""


class LockupError(BootError):
    """The emulator's CPUs do not go on: seen once in hundreds of boots, with nested virtualization."""


class Progress:
    """Follows one boot until it is done, and times its steps by the host's clock."""

    def __init__(self, name: str, share: Path, serial: Path, stop: threading.Event) -> None:
        self._name, self._share, self._serial, self._stop = name, share, serial, stop
        self._began = self._reported = self._step_began = time.monotonic()
        self._passed_milestones = 0
        self._step = ""
        self._clock_began = 0.0
        self.step_seconds: dict[str, float] = {}
        self.on_step: Callable[[str], None] = lambda _: None

    def wait(self, qemu: subprocess.Popen[bytes]) -> None:
        """Return when the node has powered off with its job done; raise BootError otherwise."""
        self._report("QEMU starts; waiting for the first line on the serial console")
        while qemu.poll() is None:
            self._look()
            # The limit of a boot holds until its job begins; each step has one of its own, inside the node.
            if time.monotonic() - self._step_began > BOOT_SECONDS:
                raise BootError(self._failure(f"no progress for {BOOT_SECONDS} s"))
            if self._stop.wait(POLL_SECONDS):
                raise BootError(f"{self._name}: cancelled")
        self._look()
        self._end_step()
        self._check_exit(qemu.returncode)
        self._report("powered off")

    def _check_exit(self, qemu_status: int) -> None:
        exit_file = self._share / "rc"
        if not exit_file.exists():
            raise BootError(self._failure(f"QEMU ended with status {qemu_status} before the steps were done"))
        if (status := exit_file.read_text().strip()) != "0":
            log = (self._share / "run.log").read_text()[-2000:]
            raise BootError(self._failure(f"the job ended with status {status}: {log}"))

    def _look(self) -> None:
        text = self._serial.read_bytes().decode(errors="replace")
        if fatal := FATAL.search(text):
            raise BootError(self._failure(fatal[0]))
        if any(int(seconds) >= LOCKUP_SECONDS for seconds in LOCKUP.findall(text)):
            raise LockupError(f"{self._name}: a CPU is stuck for more than {LOCKUP_SECONDS} s")
        for index in range(self._passed_milestones, len(MILESTONES)):
            pattern, message = MILESTONES[index]
            if found := re.search(pattern, text):
                self._report(message.format(*found.groups()))
                self._passed_milestones = index + 1
        self._check_clock()
        current = self._share / "current-step"
        if current.exists() and (step := current.read_text()) and step != self._step:
            self._begin_step(step)
        if time.monotonic() - self._reported > REPORT_SECONDS:
            self._report(f"still at {self._step}" if self._step else "waiting for the job to begin")

    def _check_clock(self) -> None:
        if not self._clock_began and (self._share / "clock-begins").exists():
            self._clock_began = time.monotonic()
        is_open = self._clock_began and not (self._share / "clock-ends").exists()
        if is_open and time.monotonic() - self._clock_began > CLOCK_SECONDS:
            raise SlowClockError(f"{self._name}: two seconds in the node last more than {CLOCK_SECONDS} s")

    def _begin_step(self, step: str) -> None:
        self._end_step()
        self._step = step
        self._passed_milestones = len(MILESTONES)
        self._report(f"step {step}")
        self.on_step(step)

    def _end_step(self) -> None:
        now = time.monotonic()
        if self._step:
            self.step_seconds[self._step] = now - self._step_began
        self._step, self._step_began = "", now

    def _failure(self, reason: str) -> str:
        tail = "\n".join(self._serial.read_text(errors="replace").splitlines()[-15:])
        return f"{self._name}: {reason} (last step: {self._step or 'none'})\nserial log {self._serial} ends:\n{tail}"

    def _report(self, text: str) -> None:
        self._reported = time.monotonic()
        print(f"{self._name}: {self._reported - self._began:5.1f} s: {text}", file=sys.stderr, flush=True)
