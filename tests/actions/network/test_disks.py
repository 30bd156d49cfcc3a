"""The guard and the journal on full, read-only and hanging disks."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hostinfo.actions.network.lock import hold
from hostinfo.model.report import TransactionState
from tests.support import toy_network as toy
from tests.support.toy_transaction import BEFORE, CHANGE, run_python, wait_for

LATENESS = 15.0

FULL_DISK = """
import os, sys
from pathlib import Path
from hostinfo.errors import ActionRefused
from tests.support import toy_network as toy

def fill():
    with open(folder / "journal/filler", "ab", buffering=0) as file:
        try:
            while file.write(bytes(512)):
                pass
        except OSError:
            pass

folder = Path(sys.argv[1])
change = toy.request(eth0=9000, eth1=9000)
action = toy.open_action(folder)
fill()
try:
    action.begin(change, 60)
except ActionRefused as error:
    print("refused:", error.detail)
print("changed:", toy.read_files(folder) != {"eth0": "1500"}, sorted(os.listdir(folder / "journal")))
(folder / "journal/filler").unlink()
for decide in ("rollback", "commit"):
    pending = action.begin(change, 60)
    fill()
    print(getattr(pending, decide)().result)
    (folder / "journal/filler").unlink()
action.begin(toy.request(eth0=1500, eth1=None), 60).commit()
action.begin(change, 1.0)
fill()
import time
while action.pending():
    time.sleep(0.05)
print([report.state.value for report in action.history()], toy.read_files(folder))
"""

READ_ONLY_DISK = """
import subprocess, sys, time
from pathlib import Path
from hostinfo.errors import ActionFailed, ActionRefused
from tests.support import toy_network as toy

folder = Path(sys.argv[1])
action = toy.open_action(folder)
subprocess.run(["mount", "-o", "remount,ro", folder / "journal"], check=True)
try:
    action.begin(toy.request(eth0=9000, eth1=9000), 2.0)
except ActionRefused as error:
    print(error)
subprocess.run(["mount", "-o", "remount,rw", folder / "journal"], check=True)
pending = action.begin(toy.request(eth0=9000, eth1=9000), 2.0)
subprocess.run(["mount", "-o", "remount,ro", folder / "journal"], check=True)
for decide in ("commit", "rollback"):
    try:
        getattr(pending, decide)()
    except ActionFailed as error:
        print(error)
deadline = time.monotonic() + 15
while toy.read_files(folder) != {"eth0": "1500"} and time.monotonic() < deadline:
    time.sleep(0.05)
print(toy.read_files(folder), pending.report.state.value)
subprocess.run(["mount", "-o", "remount,rw", folder / "journal"], check=True)
while action.pending() and time.monotonic() < deadline:
    time.sleep(0.05)
print(pending.report.state.value)
"""

FROZEN_DISK = """
import subprocess, sys, time
from pathlib import Path
from tests.support import toy_network as toy

folder = Path(sys.argv[1])
action = toy.open_action(folder)
pending = action.begin(toy.request(eth0=9000, eth1=9000), 1.0)
subprocess.run(["fsfreeze", "-f", folder / "journal"], check=True)
try:
    deadline = time.monotonic() + 70
    while toy.read_files(folder) != {"eth0": "1500"} and time.monotonic() < deadline:
        time.sleep(0.05)
    print(toy.read_files(folder))
finally:
    subprocess.run(["fsfreeze", "-u", folder / "journal"], check=True)
deadline = time.monotonic() + 15
while action.pending() and time.monotonic() < deadline:
    time.sleep(0.05)
print(pending.report.state.value)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return toy.create(tmp_path, eth0=1500)


def in_small_disk(code: str, folder: Path, mount: str = "-t tmpfs -o size=160k tmpfs") -> list[str]:
    (folder / "journal").mkdir(mode=0o700)
    mount = f'mount {mount} "$1/journal" && chmod 700 "$1/journal" && shift && exec "$@"'
    wrapper = ("unshare", "--mount", "sh", "-c", mount, "sh", str(folder))
    may_mount = subprocess.run([*wrapper, "true"], capture_output=True, text=True, timeout=100, check=False)
    if may_mount.returncode != 0:  # in a container, or without loop devices
        pytest.skip(f"cannot mount a file system here: {may_mount.stderr.strip()}")
    return run_python(code, str(folder), wrapper=wrapper).splitlines()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts a file system")
def test_a_full_disk_refuses_a_change_and_never_prevents_its_end(folder: Path) -> None:
    lines = in_small_disk(FULL_DISK, folder)
    assert lines[0].startswith("refused: ")
    assert "No space left on device" in lines[0]
    assert lines[1] == "changed: False ['filler', 'lock', 'work.lock']"
    assert lines[2:4] == ["rolled-back", "committed"]
    assert lines[4] == f"{['rolled-back', 'confirmed', 'confirmed', 'rolled-back']} {BEFORE}"


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts a file system")
def test_the_network_is_restored_if_the_disk_becomes_read_only(folder: Path) -> None:
    lines = in_small_disk(READ_ONLY_DISK, folder)
    assert "Read-only file system" in lines[0]
    assert "not confirmed, because the journal cannot be written" in lines[1]
    assert "the journal cannot be written" in lines[2]
    assert lines[3:] == [f"{BEFORE} waiting", "rolled-back"]


@pytest.mark.slow
@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: freezes a file system")
@pytest.mark.skipif(shutil.which("mkfs.ext4") is None, reason="needs mkfs.ext4")
def test_the_network_is_restored_if_the_disk_hangs(folder: Path) -> None:
    """It may lie behind the network that was cut off."""
    image = folder / "image"
    with image.open("wb") as file:
        file.truncate(16 * 2**20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    try:
        lines = in_small_disk(FROZEN_DISK, folder, mount=f"-o loop {image}")
    except AssertionError as error:
        if "loop device" in str(error):
            pytest.skip("no loop devices here")
        raise
    assert lines == [str(BEFORE), "rolled-back"]


def test_the_network_is_restored_if_the_journal_was_deleted(folder: Path) -> None:
    toy.open_action(folder).begin(CHANGE, 1.0)
    shutil.rmtree(folder / "journal")
    assert wait_for(lambda: toy.read_files(folder) == BEFORE, 1 + LATENESS)


@pytest.mark.slow
def test_the_network_is_restored_if_the_journal_hangs(folder: Path) -> None:
    """A process that is stopped while it holds the lock, or a disk behind the network."""
    toy.open_action(folder).begin(CHANGE, 1.0)
    with hold(str(folder / "journal/lock"), 5) as is_locked:
        assert is_locked
        assert wait_for(lambda: toy.read_files(folder) == BEFORE, 1 + 45 + LATENESS)
    assert wait_for(lambda: not toy.open_action(folder).pending(), LATENESS)
    assert toy.open_action(folder).history()[0].state is TransactionState.ROLLED_BACK
