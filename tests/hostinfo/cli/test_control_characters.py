"""Control characters from files and recordings never reach the terminal, on either stream."""

import subprocess
import sys
from pathlib import Path

import pytest

ESCAPE = "\x1b]0;title\x07"


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "hostinfo", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def is_clean(text: str) -> bool:
    return text.replace("\n", "").isprintable()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in {
        "proc/meminfo": "MemTotal: 1000 kB\n",
        "proc/cpuinfo": f"processor : 0\nmodel name : {ESCAPE}\n",
        "sys/devices/system/cpu/online": "0\n",
        "sys/devices/system/cpu/cpu0/cache/index0/level": "1\n",
        "sys/devices/system/cpu/cpu0/cache/index0/type": f"Da{ESCAPE}ta\n",
        "sys/devices/system/cpu/cpu0/cache/index0/size": "32K\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_labels_and_values_of_the_page_are_escaped(tree: Path) -> None:
    ran = run("-c", f"sysfs://{tree}", "dump")
    assert "title" in ran.stdout
    assert is_clean(ran.stdout)
    assert is_clean(ran.stderr)


@pytest.mark.parametrize("arguments", [("dump", "network.links"), ("dump", "network"), ("support",), ("watch",)])
def test_messages_of_a_recorded_failure_are_escaped(arguments: tuple[str, ...], tmp_path: Path) -> None:
    machine = tmp_path / "machine"
    (machine / "root/proc").mkdir(parents=True)
    (machine / "root/proc/meminfo").write_text("MemTotal: 1000 kB\n")
    (machine / "netlink").mkdir()
    (machine / "machine.toml").write_text(
        'format = 1\ndrivers = ["sysfs"]\n[failures]\n'
        '"netlink/links.bin" = { kind = "ReadError", source = "x\\u001b]0;title\\u0007", detail = "y" }\n'
    )
    limit = ("--for", "1") if arguments == ("watch",) else ()
    ran = run("-c", f"recorded:{machine}", *arguments, *limit)
    assert is_clean(ran.stdout)
    assert is_clean(ran.stderr)
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("text", ["inf 1", "nan 1", "-5.00 1", "1e400 1", "0x10 1", "\N{ARABIC-INDIC DIGIT THREE} 1"])
def test_an_uptime_that_is_no_number_is_one_problem(text: str, tree: Path) -> None:
    (tree / "proc/uptime").write_text(text + "\n")
    (tree / "proc/loadavg").write_text("nan inf -1 1/2 3\n")
    ran = run("-c", f"sysfs://{tree}", "dump", "statistics.uptime_seconds", "statistics.load")
    assert "/proc/uptime: not a number" in ran.stderr
    assert "/proc/loadavg: not a number" in ran.stderr
    assert ran.returncode == 1  # nothing that was asked for is available
    page = run("-c", f"sysfs://{tree}", "dump")
    assert "Traceback" not in page.stderr
