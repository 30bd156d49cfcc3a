"""A program that groups the processors counts as many cores and sockets as hostinfo reports, on every machine."""

from pathlib import Path

import pytest

import hostinfo

from .grouping import assert_groups_agree
from .machines import names_of, unpack

_FIXTURES = Path(__file__).parent.parent / "fixtures"
_MACHINES = [(collection, name) for collection in ("lscpu", "hwloc", "ghw") for name in names_of(collection)]


@pytest.mark.parametrize("fixture", sorted(path.name for path in _FIXTURES.iterdir() if path.is_dir()))
def test_fixtures_have_as_many_groups_as_cores_and_sockets(fixture: str) -> None:
    with hostinfo.open(f"recorded:{_FIXTURES / fixture}") as host:
        assert_groups_agree(host.cpu().value)


@pytest.mark.parametrize(
    ("collection", "name"), _MACHINES or [pytest.param("", "", marks=pytest.mark.skip("no third-party machines"))]
)
def test_third_party_machines_have_as_many_groups_as_cores_and_sockets(
    collection: str, name: str, unpack_dir: Path
) -> None:
    with hostinfo.open(f"sysfs://{unpack(collection, name, unpack_dir)}") as host:
        cpu = host.cpu().value
    assert cpu.processors
    assert_groups_agree(cpu)
