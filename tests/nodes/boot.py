"""Boots a node, has it run the steps of its job, and collects their outputs."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .progress import POLL_SECONDS, LockupError, Progress, SlowClockError
from .qemu import QemuProcess, command_line, to_text
from .settings import SLOWDOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .image import Image
    from .shape import Shape

TRIES = 3
SESSION_END_SECONDS = 10
INSIDE = tuple(Path(__file__).parent / name for name in ("job.py", "command_runner.py"))
# The wheel is unpacked to memory: imports over 9p would be slow, and their bytecode could not be kept.
RUN = """set -e
mkdir -p /run/hostinfo
for packed in /mnt/*.whl /mnt/*.zip; do
    if [ -e "$packed" ]; then python3 -m zipfile -e "$packed" /run/hostinfo; fi
done
python3 /mnt/job.py /mnt
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A shell command that the job runs inside the node."""

    name: str
    command: str
    ordinary_user: bool = False
    limit_seconds: int = 180
    """Only a step that hangs may reach it: under emulation on a busy machine a recording took 60 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Exit status and resources of a step. Its output is in NAME.out and NAME.err."""

    name: str
    status: int
    wall_seconds: float
    cpu_seconds: float
    peak_kib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished boot: the folder of outputs and the results of the steps."""

    folder: Path
    results: dict[str, Result]

    def text(self, name: str) -> str:
        return (self.folder / f"{name}.out").read_text(errors="replace")

    def errors(self, name: str) -> str:
        return (self.folder / f"{name}.err").read_text(errors="replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideSession:
    """A session with the node from the host: QEMU's `hostfwd`, and what runs in a thread during the step `step`."""

    forward: str
    step: str
    run: Callable[[Path, Path], None]
    """Called with the share and the folder of outputs."""


def boot(
    shape: Shape,
    image: Image,
    steps: Sequence[Step],
    payload: Sequence[Path],
    keep: Path,
    session: OutsideSession | None = None,
    stop: threading.Event | None = None,
) -> Run:
    """Boot the shape with the files of `payload` in its share; outputs, serial log and command line go to `keep`."""
    for _ in range(TRIES - 1):
        try:
            return _boot(shape, image, steps, payload, keep, session, stop or threading.Event())
        except (SlowClockError, LockupError) as error:
            print(f"{error}\n{shape.name}: booting again", file=sys.stderr, flush=True)
    return _boot(shape, image, steps, payload, keep, session, stop or threading.Event())


def _boot(
    shape: Shape,
    image: Image,
    steps: Sequence[Step],
    payload: Sequence[Path],
    keep: Path,
    session: OutsideSession | None,
    stop: threading.Event,
) -> Run:
    shutil.rmtree(keep, ignore_errors=True)
    keep.mkdir(parents=True)
    serial = keep / "serial.log"
    serial.touch()
    with tempfile.TemporaryDirectory(prefix="node-") as scratch:
        share = Path(scratch)
        _fill(share, steps, payload)
        command = command_line(shape, image, share, serial, session.forward if session else "")
        (keep / "command.txt").write_text(to_text(command) + "\n")
        progress = Progress(shape.name, share, serial, stop)
        with (
            _collected(share, keep),
            _threaded(session, progress, share, keep),
            QemuProcess(command, keep / "qemu.log") as qemu,
        ):
            progress.wait(qemu)
    return Run(folder=keep, results=_results(keep, progress.step_seconds))


def _fill(share: Path, steps: Sequence[Step], payload: Sequence[Path]) -> None:
    share.chmod(0o755)
    for path in (*payload, *INSIDE):
        if path.is_dir():
            shutil.copytree(path, share / path.name)
        else:
            shutil.copyfile(path, share / path.name)
    limited = [replace(step, limit_seconds=round(step.limit_seconds * SLOWDOWN)) for step in steps]
    (share / "steps.json").write_text(json.dumps([asdict(step) for step in limited]))
    (share / "run.sh").write_text(RUN)


@contextmanager
def _collected(share: Path, keep: Path) -> Iterator[None]:
    """Copy the outputs to `keep` at the end, also those of a boot that failed."""
    try:
        yield
    finally:
        if (share / "out").is_dir():
            shutil.copytree(share / "out", keep, dirs_exist_ok=True, ignore_dangling_symlinks=True)
        if (share / "run.log").exists():
            shutil.copyfile(share / "run.log", keep / "run.log")


@contextmanager
def _threaded(session: OutsideSession | None, progress: Progress, share: Path, keep: Path) -> Iterator[None]:
    """Start the session when its step begins; at the end, give it time to notice that the node is off."""
    if session is None:
        yield
        return
    thread = threading.Thread(target=session.run, args=(share, keep), daemon=True)

    def start(step: str) -> None:
        if step == session.step:
            thread.start()

    progress.on_step = start
    try:
        yield
    finally:
        if thread.is_alive():
            thread.join(SESSION_END_SECONDS)


def _results(folder: Path, seconds: dict[str, float]) -> dict[str, Result]:
    results = {}
    for line in (folder / "results.jsonl").read_text().splitlines():
        values = json.loads(line)
        name = values["name"]
        # The node's clock may be wrong: steps are timed by the host's.
        results[name] = Result(**{**values, "wall_seconds": round(seconds.get(name, POLL_SECONDS), 2)})
    return results
