"""Valid input and every input that was once a fault, replayed without a fuzzer."""

import pytest

from .targets import FOLDER, TARGETS, run, seeds

pytest.importorskip("proton")


@pytest.mark.parametrize("name", TARGETS)
def test_no_seed_is_a_fault(name: str) -> None:
    found = seeds(name)
    for data in (*found, b"", b"\0", b"\xff" * 64):
        run(name, data)


def test_every_folder_of_seeds_belongs_to_a_target() -> None:
    assert {path.name for path in (FOLDER / "seeds").glob("*") if path.is_dir()} <= TARGETS.keys()
