"""The folder of a recording: how it is written, and that a hostile one is refused."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hostinfo
from hostinfo.drivers.sources.recorded.folder_reader import load
from hostinfo.drivers.sources.recorded.reply_store import ReplyStore
from hostinfo.drivers.sources.recorded.trees import RecordedTree
from hostinfo.errors import ReadError, RecordingError, Unavailable
from hostinfo.recording import record_machine

from .recorded_values import group_value


def test_a_raw_recording_is_readable_to_its_owner_only(raw: Path) -> None:
    for path in (raw, *raw.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_scrubbed_recording_is_readable_to_all(scrubbed: Path) -> None:
    for path in (scrubbed, *scrubbed.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RecordingError, match="already exists"):
        record_machine(str(tmp_path))
    with pytest.raises(RecordingError, match="not a folder"):
        record_machine(str(tmp_path / "file"))
    assert sorted(os.listdir(tmp_path)) == ["file"]
    (tmp_path / "empty").mkdir()
    record_machine(str(tmp_path / "empty"))
    assert (tmp_path / "empty/machine.toml").is_file()


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    code = """if True:
        import resource, sys
        from hostinfo.recording import record_machine
        from hostinfo.errors import RecordingError
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
        try:
            record_machine(sys.argv[1])
        except RecordingError as error:
            print(error)
        """
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "new")], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{tmp_path}/new: cannot be written: File too large\n"
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_one_message() -> None:
    with pytest.raises(RecordingError, match=r"^/proc/new/machine: cannot be written: "):
        record_machine("/proc/new/machine")


def test_recording_takes_under_two_seconds_of_cpu(tmp_path: Path) -> None:
    before = time.process_time()
    report = record_machine(str(tmp_path / "machine"))
    assert time.process_time() - before < 2
    assert report.size_bytes == sum(path.stat().st_size for path in (tmp_path / "machine").rglob("*") if path.is_file())
    assert report.files == sum(path.is_file() for path in (tmp_path / "machine/root").rglob("*"))


# -- folders that are no recording -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "no machine.toml in it"),
        ("format = ", "Invalid value"),
        ("format = 0", "no format number"),
        ("format = true\n[errors]", "no format number"),
        ("", "no format number"),
        ("format = 99", "recorded in format 99; this hostinfo reads formats up to 1"),
        ("format = 1\na = " + "[" * 5000, "machine.toml"),
        ("\xff\xfe", "machine.toml"),
    ],
)
def test_a_folder_that_is_no_recording_is_refused(tmp_path: Path, manifest: str | None, message: str) -> None:
    if manifest is not None:
        (tmp_path / "machine.toml").write_bytes(manifest.encode("latin-1"))
    with pytest.raises(Unavailable, match=message) as error:
        hostinfo.open(f"recorded:{tmp_path}")
    assert str(error.value).startswith(str(tmp_path))


@pytest.mark.parametrize("clock", ["1e999", "-5", "nan", "inf", "9" * 400, "1e300", '"now"', "[1]"])
def test_a_hostile_clock_is_no_clock(tmp_path: Path, clock: str) -> None:
    (tmp_path / "machine.toml").write_text(f"format = 1\nclock = {clock}\n")
    (tmp_path / "root/proc").mkdir(parents=True)
    with hostinfo.open(f"recorded:{tmp_path}") as host:
        assert host.statistics().value.time.startswith("1970-01-01T00:00:00")


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no such folder"):
        hostinfo.open(f"recorded:{tmp_path}/none")
    with pytest.raises(Unavailable, match="write recorded:DIR"):
        hostinfo.open("recorded:")


def test_a_hostile_recording_leads_nowhere_else(tmp_path: Path) -> None:
    """Neither a symbolic link in the folder nor a name in its lists may reach a file of this machine."""
    (tmp_path / "secret").write_text("processor\t: 0\nmodel name\t: SECRET\n")
    folder = tmp_path / "folder"
    (folder / "root/proc").mkdir(parents=True)
    (folder / "root/proc/cpuinfo").symlink_to(tmp_path / "secret")
    (folder / "netlink").mkdir()
    (folder / "netlink/links.bin").symlink_to(tmp_path / "secret")
    (folder / "names.txt").write_text("sys/devices/system/cpu/ ../../../../secret %2E%2E cpu0\n")
    (folder / "machine.toml").write_text(
        'format = 1\ndrivers = ["sysfs"]\n[links]\n"sys/class/net/x" = "../../../.."\n'
    )
    with hostinfo.open(f"recorded:{folder}") as host:
        for group in hostinfo.GROUPS:
            assert "SECRET" not in str(group_value(host, group))
    recording = load(str(folder))
    assert RecordedTree(recording, str(folder / "root")).attribute("../secret") is None
    with pytest.raises(ReadError):
        ReplyStore(recording, str(folder)).replay("../secret")
    with pytest.raises(ReadError):
        ReplyStore(recording, str(folder)).replay("netlink/links.bin")
