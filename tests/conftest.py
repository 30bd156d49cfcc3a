"""Fixtures for all tests."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import hostinfo
from hostinfo.facade import HostInfo

settings.register_profile("no-deadline", deadline=None)  # a deadline would measure the load of the machine
settings.load_profile("no-deadline")

FIXTURES = Path(__file__).parent / "fixtures"


def pytest_configure() -> None:
    """Make SIGINT work in child processes even if a shell runs the tests in the background, where it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> Iterator[HostInfo]:
    """Open a machine of tests/fixtures by its folder's name: ``parametrize("machine", […], indirect=True)``."""
    with hostinfo.open(f"recorded:{FIXTURES / request.param}") as host:
        yield host
