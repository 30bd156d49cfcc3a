"""A copy of the source tree with one more group, made by the steps of CONTRIBUTING.md and nothing else."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.support.command import ROOT

MODEL = '''\
"""Toys in the machine room."""

from __future__ import annotations

from hostinfo.record import record


@record
class Ball:
    """One ball."""

    name: str
    """What is written on it."""
    weight_bytes: int | None = None
    """Its weight; None: not weighed."""
    colours: tuple[str, ...] = ()
    """Its colours."""


@record
class Toy:
    """All toys of the machine room."""

    owner: str | None = None
    """Owner; None: not known."""
    speed_mbps: int | None = None
    """How fast they roll."""
    is_new: bool | None = None
    """Whether they are new."""
    balls: tuple[Ball, ...] = ()
    """The balls."""
'''
ROW = """\
    toy: ReadGroup[Toy] = _group(
        "hostinfo.model.toy.Toy",
        "toys of the machine room",
        item_keys={"Ball": ("name",)},
    )
"""
READER = '''\
"""Toys from /proc/toys: a line for the owner, then one per ball."""

from __future__ import annotations

from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.toy import Ball, Toy

from ..sources.sources import Sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.driver import RequestedFields

FILES = {"owner": ("proc/toys",)}


def read(sources: Sources, fields: RequestedFields) -> GroupResult[Toy]:
    """Read the group."""
    builder = FactBuilder("sysfs", fields)
    owner, *balls = sources.tree.text("proc/toys").splitlines()
    builder.record_source("/proc/toys", "owner", "speed_mbps", "is_new", "balls")
    return builder.build(Toy(owner=owner, speed_mbps=2500, is_new=True, balls=tuple(map(parse_ball, balls))))


def parse_ball(line: str) -> Ball:
    """Parse one line."""
    name, weight, *colours = line.split()
    return Ball(name=name, weight_bytes=int(weight), colours=tuple(colours))
'''
TOYS = "Eve\nsmall 1024 red green\nlarge 3221225472 blue\n"


def copy_tree(target: Path) -> None:
    """Copy what the command line, the agent and the generated pages need."""
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("hostinfo", "drivers", "agent", "docs"):
        shutil.copytree(ROOT / folder, target / folder, symlinks=True, ignore=ignored)


def add_group(tree: Path) -> None:
    """Follow "Adding a group"."""
    (tree / "hostinfo/model/toy.py").write_text(MODEL)
    (tree / "drivers/sysfs/toy.py").write_text(READER)
    _edit(tree / "hostinfo/groups.py", lambda text: _after(text, "    statistics: ReadGroup", "\n    )\n", ROW))
    _edit(
        tree / "hostinfo/groups.py",
        lambda text: text.replace(
            "import System\n", "import System\n    from hostinfo.model.toy import Toy\n", 1
        ).replace("Reader[Statistics] | None\n", "Reader[Statistics] | None\n        toy: Reader[Toy] | None\n", 1),
    )
    _edit(tree / "drivers/sysfs/__init__.py", lambda text: text.replace('"statistics")', '"statistics", "toy")', 1))


def _edit(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text()
    after = change(before)
    assert after != before, f"{path}: the place to edit was not found"
    path.write_text(after)


def _after(text: str, start: str, end: str, addition: str) -> str:
    at = text.index(end, text.index(start)) + len(end)
    return text[:at] + addition + text[at:]
