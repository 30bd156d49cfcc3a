"""A replayed recording has the same values as the machine."""

import time
from pathlib import Path

import pytest

import hostinfo
from hostinfo.recording import record_machine

from .recorded_values import STABLE_GROUPS, group_value, shape


@pytest.mark.parametrize("group", STABLE_GROUPS)
def test_a_raw_recording_has_the_values_of_the_machine(raw: Path, group: str) -> None:
    with hostinfo.open() as live, hostinfo.open(f"recorded:{raw}") as replayed:
        assert group_value(replayed, group) == group_value(live, group)


@pytest.mark.parametrize("group", STABLE_GROUPS)
def test_scrubbed_recording_has_the_same_structure(raw: Path, scrubbed: Path, group: str) -> None:
    with hostinfo.open(f"recorded:{raw}") as before, hostinfo.open(f"recorded:{scrubbed}") as after:
        assert shape(group_value(after, group)) == shape(group_value(before, group))


@pytest.mark.parametrize("group", ["cpu", "memory", "numa", "hypervisor", "domain"])
def test_scrubbing_keeps_facts_that_are_no_secret(raw: Path, scrubbed: Path, group: str) -> None:
    with hostinfo.open(f"recorded:{raw}") as before, hostinfo.open(f"recorded:{scrubbed}") as after:
        one, other = group_value(before, group), group_value(after, group)
        if group == "memory" and isinstance(one, dict):
            for dimm in (*one["dimms"], *other["dimms"]):
                for secret in ("serial", "asset_tag"):
                    dimm.pop(secret, None)
        assert other == one


def test_statistics_are_replayed_with_the_time_of_the_recording(raw: Path) -> None:
    with hostinfo.open(f"recorded:{raw}") as host:
        moment = host.statistics().value.time
        again = host.statistics().value.time
    written = (raw / "machine.toml").stat().st_mtime
    recorded_time = time.mktime(time.strptime(moment[:19] + " UTC", "%Y-%m-%dT%H:%M:%S %Z")) - time.timezone
    assert again == moment
    assert abs(recorded_time - written) < 5


def test_recording_again_from_a_recording_keeps_it(raw: Path, tmp_path: Path) -> None:
    record_machine(str(tmp_path / "copy"), f"recorded:{raw}", raw=True)
    copied = {path.relative_to(tmp_path / "copy"): path for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert copied.keys() == {path.relative_to(raw) for path in raw.rglob("*") if path.is_file()}
    for name, path in copied.items():
        assert path.read_bytes() == (raw / name).read_bytes(), name
