"""The commands in docs/xen.md print what the page shows, on the recorded Dom0s that it describes."""

import os
import re
import subprocess
import sys

import pytest

from tests.support.command import ENTRY, ROOT

PAGE = (ROOT / "docs/xen.md").read_text()
MACHINES = {"hypervisor domain cpu memory numa": "acme-hostone-xen", "libvirtd hangs": "acme-hostamd-xen"}


@pytest.mark.parametrize(("words", "machine"), MACHINES.items())
def test_the_command_prints_what_the_page_shows(words: str, machine: str) -> None:
    (line, shown) = next(
        (line, shown)
        for line, shown in re.findall(r"```console\n# (hostinfo .*)\n((?:.*\n)*?)```", PAGE)
        if words in line
    )
    arguments = line.partition("#")[0].split()[1:]
    ran = subprocess.run(
        [sys.executable, "-c", ENTRY, "-c", f"recorded:tests/fixtures/{machine}", *arguments],
        cwd=ROOT, env=os.environ | {"COLUMNS": "100", "LC_ALL": "C.UTF-8"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.stdout + ran.stderr == shown
