"""support, doctor, record, man and completion, as a user runs them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hostinfo.cli import COMMANDS
from hostinfo.cli.completion import SCRIPTS
from tests.support import command, sample_driver

GROUPS = ("system", "hypervisor", "domain", "cpu", "memory", "numa", "network", "guests", "statistics")


def test_support_shows_the_tables(tmp_path: Path) -> None:
    told = json.loads(command.hostinfo(tmp_path, "-c", "sample:untold", "support", "--json").stdout)
    (driver,) = told["drivers"]
    assert driver["groups"] == [group for group in GROUPS if group != "guests"]
    assert driver["unsupported_reasons"] == {"guests": "no libvirt here"}
    page = command.hostinfo(tmp_path, "-c", "sample:untold", "support").stdout
    assert "sample: guests: no libvirt here" in page
    assert [line.split()[1] for line in page.splitlines()[1:10]] == ["provides"] * 7 + ["-", "provides"]


def test_support_of_this_machine_names_a_teller_of_each_group_that_dump_tells(tmp_path: Path) -> None:
    told = json.loads(command.hostinfo(tmp_path, "support", "--json").stdout)
    dumped = json.loads(command.hostinfo(tmp_path, "dump", "--json").stdout)
    offered = {group for driver in told["drivers"] for group in driver["groups"]}
    assert {group for group in GROUPS if dumped[group] is not None} <= offered


def test_support_of_an_unknown_scheme_is_an_error(tmp_path: Path) -> None:
    assert command.hostinfo(tmp_path, "-c", "nobody:knows", "support").returncode == 1


def test_doctor_says_what_is_there_and_how_to_get_the_rest(tmp_path: Path) -> None:
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "pyudev.py").write_text("raise ImportError('libudev.so.1: cannot open shared object file')")
    environment = command.environment(tmp_path)
    path = f"{tmp_path / 'blocked'}:{environment['PYTHONPATH']}"
    ran = command.hostinfo(tmp_path, "doctor", "--json", PYTHONPATH=path)
    assert ran.returncode == 3
    checks = {check["name"]: check for check in json.loads(ran.stdout)["checks"]}
    assert checks["pyudev"]["state"] == "missing"
    assert "libudev.so.1" in checks["pyudev"]["detail"]
    assert "hostinfo[udev]" in checks["pyudev"]["fix"]
    assert "python3-pyudev" in checks["pyudev"]["fix"]
    assert checks["/proc/cpuinfo"]["state"] == "ok"
    page = command.hostinfo(tmp_path, "doctor", PYTHONPATH=path).stdout
    assert "missing  pyudev" in page


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an ordinary user")
def test_doctor_knows_what_an_ordinary_user_may_not_read() -> None:
    from hostinfo.cli.doctor import DENIED, check_file

    with tempfile.TemporaryDirectory() as folder:  # pytest's own is root's alone
        secret = Path(folder) / "secret"
        secret.write_text("x")
        secret.chmod(0)
        Path(folder).chmod(0o755)
        os.seteuid(65534)
        try:
            check = check_file(str(secret), "a test", if_denied="run as root")
        finally:
            os.seteuid(0)
    assert (check.state, check.fix) == (DENIED, "run as root")


def test_a_recording_tells_what_the_machine_told(tmp_path: Path) -> None:
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


def test_a_recording_is_not_made_over_something(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("mine")
    ran = command.hostinfo(tmp_path, "-c", "sysfs:///", "record", str(tmp_path / "there"))
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert (tmp_path / "there" / "file").read_text() == "mine"


@pytest.mark.skipif(shutil.which("man") is None, reason="no man(1)")
def test_manual_pages_are_good_roff(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "man", "--directory", str(tmp_path))
    assert ran.returncode == 0
    pages = sorted(page.name for page in tmp_path.glob("*.1"))
    assert pages == sorted(["hostinfo.1", *(f"hostinfo-{name}.1" for name, _, _ in COMMANDS)])
    for page in pages:
        shown = subprocess.run(
            ["man", "-l", "--warnings", str(tmp_path / page)],
            env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert shown.stderr == ""
        assert "EXAMPLES" in shown.stdout
        assert "--connect" in shown.stdout.replace("\N{HYPHEN}", "-")


def test_a_manual_page_holds_what_help_holds(tmp_path: Path) -> None:
    page = command.hostinfo(tmp_path, "man", "dump").stdout.replace("\\-", "-")
    for option in ("--json", "--yaml", "--sources", "PATH"):
        assert option in page


def complete(tmp_path: Path, *words: str) -> list[str]:
    ran = command.hostinfo(tmp_path, "completion", "--words", *(f"+{word}" for word in words))
    assert ran.returncode == 0, ran.stderr
    return [line.partition("\t")[0] for line in ran.stdout.splitlines()]


def test_completion_knows_commands_options_and_paths(tmp_path: Path) -> None:
    assert complete(tmp_path, "") == [name for name, _, _ in COMMANDS]
    assert complete(tmp_path, "du") == ["dump"]
    assert complete(tmp_path, "dump", "--") == ["--help", "--connect", "--json", "--yaml", "--sources"]
    assert complete(tmp_path, "dump", "") == list(GROUPS)
    assert "cpu.model_name" in complete(tmp_path, "dump", "cpu.mo")
    assert complete(tmp_path, "-c", "sysfs:///", "dump", "memory.swap.t") == ["memory.swap.total_bytes"]
    assert complete(tmp_path, "-c", "xen") == ["xen:///system"]
    assert complete(tmp_path, "completion", "f") == ["fish"]
    assert complete(tmp_path, "record", "") == []


@pytest.mark.parametrize("shell", list(SCRIPTS))
def test_completion_scripts_load(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    script = tmp_path / "script"
    script.write_text(command.hostinfo(tmp_path, "completion", shell).stdout)
    subprocess.run([shell, "-n", str(script)], check=True)


@pytest.mark.parametrize(
    ("line", "expected"),
    [("hostinfo du", ["dump"]), ("hostinfo dump cpu.micro", ["cpu.microcode"]), ("hostinfo -c sysfs", ["sysfs:///"])],
)
def test_bash_completes_with_the_script(line: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    start = tmp_path / "bin" / "hostinfo"
    start.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hostinfo "$@"\n')
    start.chmod(0o755)
    words = line.split(" ")
    script = f"""
{SCRIPTS["bash"]}
COMP_LINE={line!r} COMP_POINT={len(line)} COMP_WORDS=({" ".join(words)}) COMP_CWORD={len(words) - 1}
compopt() {{ :; }}
_hostinfo
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    environment = command.environment(tmp_path, PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    ran = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == expected


def test_the_sample_machine_tells_every_group() -> None:
    assert tuple(sample_driver.WHOLE) == GROUPS
