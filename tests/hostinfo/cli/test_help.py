"""Help and manual pages of every command."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hostinfo.cli.commands import COMMANDS
from tests.support import command


@pytest.mark.parametrize("name", [name for name, _, _ in COMMANDS])
def test_the_help_of_every_command_has_examples(name: str, tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, name, "--help")
    assert ran.returncode == 0
    assert "examples:" in ran.stdout
    assert f"hostinfo {name}" in ran.stdout


def test_every_example_in_help_is_a_valid_command_line() -> None:
    from hostinfo.cli.commands import command_module
    from hostinfo.cli.parser import parse

    for name, _, _ in COMMANDS:
        for example, _ in command_module(name).EXAMPLES:
            line = re.split(r" [|>] ", example)[-1 if example.startswith("ssh") else 0]
            words = line.removeprefix("sudo ").split()
            assert words[0] == "hostinfo"
            parse(words[1:])


@pytest.mark.skipif(shutil.which("man") is None, reason="no man(1)")
def test_manual_pages_are_valid_roff(tmp_path: Path) -> None:
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


def test_a_manual_page_has_the_options_of_the_help(tmp_path: Path) -> None:
    page = command.hostinfo(tmp_path, "man", "dump").stdout.replace("\\-", "-")
    for option in ("--json", "--yaml", "--sources", "PATH"):
        assert option in page
