"""``hostinfo completion``: the candidates, and the scripts in their shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hostinfo import GROUPS
from hostinfo.cli.commands import COMMANDS
from hostinfo.cli.completion import SCRIPTS
from tests.support import command


def complete(tmp_path: Path, *words: str) -> list[str]:
    ran = command.hostinfo(tmp_path, "completion", "--words", *(f"+{word}" for word in words))
    assert ran.returncode == 0, ran.stderr
    return [line.partition("\t")[0] for line in ran.stdout.splitlines()]


def test_completion_offers_commands_options_and_paths(tmp_path: Path) -> None:
    assert complete(tmp_path, "") == [name for name, _, _ in COMMANDS]
    assert complete(tmp_path, "du") == ["dump"]
    assert complete(tmp_path, "dump", "--") == ["--help", "--connect", "--json", "--yaml", "--by-path", "--sources"]
    assert complete(tmp_path, "dump", "") == list(GROUPS)
    assert "cpu.model_name" in complete(tmp_path, "dump", "cpu.mo")
    assert complete(tmp_path, "-c", "sysfs:///", "dump", "memory.swap.t") == ["memory.swap.total_bytes"]
    assert complete(tmp_path, "-c", "xen") == ["xen:///system"]
    assert complete(tmp_path, "completion", "f") == ["fish"]
    assert complete(tmp_path, "record", "") == []


@pytest.mark.parametrize("shell", list(SCRIPTS))
def test_completion_scripts_are_valid_in_their_shells(shell: str, tmp_path: Path) -> None:
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
