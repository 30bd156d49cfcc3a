"""Recordings of the machine that the tests run on."""

from pathlib import Path

import pytest

from hostinfo.recording import record_machine


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "machine"
    record_machine(str(folder), raw=True)
    return folder


@pytest.fixture(scope="session")
def scrubbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scrubbed") / "machine"
    record_machine(str(folder))
    return folder
