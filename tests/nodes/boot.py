"""Boots a node, has it do its steps, and brings back what they printed."""

import atexit
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from .image import Image
from .qemu import as_text, command_line
from .shape import Shape

BOOT_SECONDS = int(
    os.environ.get("HOSTINFO_BOOT_SECONDS", "300")
)  # a machine that is busy with other things needs more
TRIES = 3
PR_SET_PDEATHSIG = 1
INSIDE = tuple(Path(__file__).parent / name for name in ("job.py", "guest_tasks.py"))
VISIT = "visit"
"""The name of the step in which somebody from outside looks at the node."""
# The wheel goes to memory: imports over 9p would be slow, and their bytecode could not be kept.
RUN = """set -e
mkdir -p /run/hostinfo
for packed in /mnt/*.whl /mnt/*.zip; do
    if [ -e "$packed" ]; then python3 -m zipfile -e "$packed" /run/hostinfo; fi
done
python3 /mnt/job.py /mnt
"""
CLOCK_SECONDS = 12
VISITOR_SECONDS = 10  # to come home when the node is gone
POLL_SECONDS = 0.25
MILESTONES = (
    (r"\(XEN\) Xen version (\S+)", "Xen {0} starts"),
    (r"\(XEN\) Brought up (\d+) CPUs", "Xen has brought up {0} CPUs"),
    (r"\(XEN\) \*\*\* Serial input to DOM0|\(XEN\) Freed \d+kB init memory", "Dom0's kernel starts"),
    (r"node: initial ramdisk", "Linux is up, in its initial ramdisk"),
    (r"node: root is mounted", "the root disk is mounted; waiting for its services"),
    (r"node: job begins", "the job begins"),
)
FATAL = re.compile(r"Kernel panic[^\r\n]*|Panic on CPU[^\r\n]*|d0v\d+ Unhandled[^\r\n]*|Unable to mount root[^\r\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A shell command to be run inside the node."""

    name: str
    command: str
    ordinary_user: bool = False
    limit_seconds: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a step went; what it printed lies beside it."""

    name: str
    status: int
    wall_seconds: float
    cpu_seconds: float
    peak_kib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished boot: the folder of outputs and the steps' results."""

    folder: Path
    results: dict[str, Result]

    def text(self, name: str) -> str:
        return (self.folder / f"{name}.out").read_text(errors="replace")

    def errors(self, name: str) -> str:
        return (self.folder / f"{name}.err").read_text(errors="replace")


class BootError(Exception):
    """The node did not come up, or did not finish its steps in time."""


class WarpedClock(BootError):
    """The node's clock crawls: on a busy host Xen may measure the speed of its time stamp counter quite wrongly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody from outside: what QEMU forwards, and what is called (share, keep) when the step VISIT begins."""

    forward: str
    begin: Callable[[Path, Path], None]


def boot(
    shape: Shape, image: Image, steps: Sequence[Step], payload: Sequence[Path], keep: Path, visit: Visit | None = None
) -> Run:
    """Boot the shape with the files of `payload` in its share; outputs, serial log and command line go to `keep`."""
    for _ in range(TRIES - 1):
        try:
            return _boot(shape, image, steps, payload, keep, visit)
        except WarpedClock as warped:
            print(f"{warped}\n{shape.name}: once more", file=sys.stderr, flush=True)
    return _boot(shape, image, steps, payload, keep, visit)


def _boot(
    shape: Shape, image: Image, steps: Sequence[Step], payload: Sequence[Path], keep: Path, visit: Visit | None
) -> Run:
    shutil.rmtree(keep, ignore_errors=True)
    keep.mkdir(parents=True)
    serial = keep / "serial.log"
    serial.touch()
    with tempfile.TemporaryDirectory(prefix="node-") as scratch:
        share = Path(scratch)
        _fill(share, steps, payload)
        command = command_line(shape, image, share, serial, visit.forward if visit else "")
        (keep / "command.txt").write_text(as_text(command) + "\n")
        visiting = threading.Thread(target=visit.begin, args=(share, keep), daemon=True) if visit else None
        watch = _Watch(shape.name, share, serial, visiting)
        try:
            with _Qemu(command, keep / "qemu.log") as qemu:
                watch.until_done(qemu)
            watch.note_step("")
        finally:
            if visiting and visiting.is_alive():
                visiting.join(VISITOR_SECONDS)
            for path in (share / "out", share / "run.log"):
                if path.is_dir():
                    shutil.copytree(path, keep, dirs_exist_ok=True, ignore_dangling_symlinks=True)
                elif path.exists():
                    shutil.copyfile(path, keep / path.name)
    return Run(folder=keep, results=_results(keep, watch.step_seconds))


def _fill(share: Path, steps: Sequence[Step], payload: Sequence[Path]) -> None:
    share.chmod(0o755)
    for path in payload:
        if path.is_dir():
            shutil.copytree(path, share / path.name)
        else:
            shutil.copyfile(path, share / path.name)
    for path in INSIDE:
        shutil.copyfile(path, share / path.name)
    busy = BOOT_SECONDS / 300
    limited = [replace(step, limit_seconds=round(step.limit_seconds * busy)) for step in steps]
    (share / "steps.json").write_text(json.dumps([asdict(step) for step in limited]))
    (share / "run.sh").write_text(RUN)


def _results(folder: Path, seconds: dict[str, float]) -> dict[str, Result]:
    results = {}
    for line in (folder / "results.jsonl").read_text().splitlines():
        told = json.loads(line)
        results[told["name"]] = Result(**{**told, "wall_seconds": round(seconds.get(told["name"], POLL_SECONDS), 2)})
    return results


class _Watch:
    """Tells how far a boot is, from the serial log and from the share."""

    def __init__(self, name: str, share: Path, serial: Path, visiting: threading.Thread | None = None) -> None:
        self.name, self.share, self.serial, self.visiting = name, share, serial, visiting
        self.began = time.monotonic()
        self.moved = self.began  # the boot's limit holds until its job begins, then each step has its own
        self.passed = 0
        self.step = ""
        self.clock_began = 0.0
        self.step_seconds: dict[str, float] = {}
        self.step_began = self.began
        self.spoke = self.began

    def until_done(self, qemu: subprocess.Popen[bytes]) -> None:
        self._say("QEMU starts; waiting for the first line on the serial console")
        while qemu.poll() is None:
            self._look()
            if time.monotonic() - self.moved > BOOT_SECONDS:
                raise BootError(self._failure(f"nothing new for {BOOT_SECONDS} s"))
            time.sleep(POLL_SECONDS)
        self._look()
        if not (self.share / "rc").exists():
            raise BootError(self._failure(f"QEMU ended with status {qemu.returncode} before the steps were done"))
        if (status := (self.share / "rc").read_text().strip()) != "0":
            raise BootError(
                self._failure(f"the job ended with status {status}: {(self.share / 'run.log').read_text()[-2000:]}")
            )
        self._say("powered off")

    def _look(self) -> None:
        text = self.serial.read_bytes().decode(errors="replace")
        if fatal := FATAL.search(text):
            raise BootError(self._failure(fatal[0]))
        for index in range(self.passed, len(MILESTONES)):
            pattern, told = MILESTONES[index]
            if found := re.search(pattern, text):
                self._say(told.format(*found.groups()))
                self.passed = index + 1
        self._look_at_clock()
        now = self.share / "now"
        if now.exists() and (step := now.read_text()) and step != self.step:
            self.note_step(step)
            self.passed = len(MILESTONES)
            self._say(f"step {step}")
            if step == VISIT and self.visiting:
                self.visiting.start()
        if time.monotonic() - self.spoke > 15:
            self._say(f"still at {self.step}" if self.step else "waiting for the job to begin")

    def _look_at_clock(self) -> None:
        if not self.clock_began and (self.share / "clock-begins").exists():
            self.clock_began = time.monotonic()
        ticking = self.clock_began and not (self.share / "clock-ends").exists()
        if ticking and time.monotonic() - self.clock_began > CLOCK_SECONDS:
            raise WarpedClock(f"{self.name}: two seconds in the node last more than {CLOCK_SECONDS} s")

    def note_step(self, step: str) -> None:
        """Steps are timed by our clock, not by the node's."""
        now = time.monotonic()
        if self.step:
            self.step_seconds[self.step] = now - self.step_began
        self.step, self.step_began, self.moved = step, now, now

    def _failure(self, why: str) -> str:
        tail = "\n".join(self.serial.read_text(errors="replace").splitlines()[-15:])
        return f"{self.name}: {why} (last step: {self.step or 'none'})\nserial log {self.serial} ends:\n{tail}"

    def _say(self, text: str) -> None:
        self.spoke = time.monotonic()
        print(f"{self.name}: {time.monotonic() - self.began:5.1f} s: {text}", file=sys.stderr, flush=True)


class _Qemu:
    """A QEMU process that cannot outlive us."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.command, self.log = command, log

    def __enter__(self) -> subprocess.Popen[bytes]:
        libc = ctypes.CDLL(None)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509 - no threads here
            )
        atexit.register(self._end)
        return self.process

    def __exit__(self, *_: object) -> None:
        self._end()
        atexit.unregister(self._end)

    def _end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
