"""CONTRIBUTING.md names files that exist and have what it says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
QUESTIONS = re.findall(r"(?m)^\| .*: `([^`]+)` \| `([^`]+)` \|$", TEXT)


def test_there_are_ten_questions() -> None:
    assert len(QUESTIONS) == 10


@pytest.mark.parametrize(("source", "file"), QUESTIONS, ids=[file for _, file in QUESTIONS])
def test_the_file_reads_what_the_question_asks_for(source: str, file: str) -> None:
    assert source in (ROOT / file).read_text()


def test_every_file_that_is_named_exists() -> None:
    named = re.findall(r"`((?:hostinfo|drivers|agent|docs|tests|packaging)/[\w./-]+)`", TEXT)
    missing = [name for name in named if not (ROOT / name).exists() and not re.search("[A-Z]{4}", name)]
    assert len(named) > 15
    assert missing == []
