"""The pages about the command line and the facts agree with the program."""

import re
import subprocess
import sys
from pathlib import Path

from hostinfo import introspect
from hostinfo.cli.commands import COMMANDS
from hostinfo.cli.parser import parse
from hostinfo.path import Path as FactPath

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "command-line.md").read_text()


def test_generated_pages_are_current() -> None:
    script = str(ROOT / "docs" / "generate.py")
    ran = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_page_of_facts_has_every_field() -> None:
    facts = (ROOT / "docs" / "facts.md").read_text()
    for path in introspect.paths(2):
        group, _, field = path.partition(".")
        part = facts.partition(f"\n## {group}\n")[2].partition("\n## ")[0]
        assert part
        assert not field or f"| `{field}` |" in part


def test_the_page_of_facts_has_the_files_that_facts_are_read_from() -> None:
    facts = (ROOT / "docs" / "facts.md").read_text()
    assert re.search(r"`total_bytes` \|.*sysfs: /proc/meminfo", facts)


def test_every_command_line_of_the_page_parses() -> None:
    lines = re.findall(r"(?m)^\$ hostinfo (.*?)(?: +#.*| > .*)?$", PAGE)
    assert len(lines) > 8
    for line in lines:
        _, options = parse(line.split())
        for path in getattr(options, "paths", []):
            FactPath(path)


def test_the_page_names_every_command() -> None:
    for name, _, _ in COMMANDS:
        if name != "record":  # docs/recording.md describes it
            assert f"hostinfo {name}" in PAGE
