"""docs/architecture.md names files and functions that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
FILES = sorted(set(re.findall(r"`([\w/]+\.py)`", PAGE)))
DEFINED_IN = sorted(set(re.findall(r"`([A-Za-z_.]+)`(?:\s+\(|\s*\n\s*\()`([\w/]+\.py)`\)", PAGE)))


def locate(file: str) -> Path:
    return next((ROOT / folder / file for folder in ("", "agent") if (ROOT / folder / file).exists()), ROOT / file)


@pytest.mark.parametrize("file", FILES)
def test_the_file_exists(file: str) -> None:
    assert locate(file).exists()


@pytest.mark.parametrize(("name", "file"), DEFINED_IN)
def test_the_name_is_defined_there(name: str, file: str) -> None:
    text = locate(file).read_text()
    for part in name.split("."):
        assert re.search(rf"(def|class) {part}\b", text), f"{part} is not defined in {file}"


def test_the_page_names_enough() -> None:
    assert len(FILES) > 25
    assert len(DEFINED_IN) > 12
