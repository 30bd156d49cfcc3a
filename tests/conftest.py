"""What several tests need."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import hostinfo
from hostinfo.facade import HostInfo

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> Iterator[HostInfo]:
    """A recorded machine of tests/fixtures by its folder's name: ``parametrize("machine", […], indirect=True)``."""
    with hostinfo.open(f"recorded:{FIXTURES / request.param}") as host:
        yield host
