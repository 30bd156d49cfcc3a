"""``hostinfo record`` as a user runs it."""

import json
from pathlib import Path

from tests.support import command


def test_a_recording_reports_the_facts_of_its_machine(tmp_path: Path) -> None:
    folder = tmp_path / "machine"
    ran = command.hostinfo(tmp_path, "-c", "sysfs:///", "record", str(folder))
    assert ran.returncode == 0, ran.stderr
    assert str(folder) in ran.stdout
    asked = ("cpu.model_name", "cpu.threads", "memory.total_bytes", "system.kernel_release")
    live = command.hostinfo(tmp_path, "-c", "sysfs:///", "dump", "--json", *asked).stdout
    assert json.loads(
        command.hostinfo(tmp_path, "-c", f"recorded:{folder}", "dump", "--json", *asked).stdout
    ) == json.loads(live)
    assert command.hostinfo(tmp_path, "diff", f"recorded:{folder}", str(folder)).stdout == ""


def test_a_recording_does_not_overwrite_a_folder_with_files(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("mine")
    ran = command.hostinfo(tmp_path, "-c", "sysfs:///", "record", str(tmp_path / "there"))
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert (tmp_path / "there" / "file").read_text() == "mine"
