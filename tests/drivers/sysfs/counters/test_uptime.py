"""Uptime: that of the machine, also in a time namespace."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.drivers.sysfs.counters.cpu_load import parse_uptime
from hostinfo.errors import ParseError

PROGRAM = (
    "import hostinfo; print(hostinfo.open('sysfs:///').statistics(fields=['uptime_seconds']).value.uptime_seconds)"
)


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        ("", 107631.38),
        ("monotonic           0         0\nboottime            0         0\n", 107631.38),
        ("monotonic           0         0\nboottime        86400         0\n", 21231.38),
        ("monotonic           0         0\nboottime       200000         0\n", 107631.38),  # of another namespace
        ("monotonic   -1 0\nboottime   -100 500000000\n", 107730.88),  # the seconds are rounded down
    ],
)
def test_the_offset_of_a_time_namespace_is_taken_off(offsets: str, expected: float) -> None:
    assert parse_uptime("107631.38 33919.34\n", offsets) == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a namespace")
def test_in_a_time_namespace_the_uptime_is_that_of_the_machine() -> None:
    inside = subprocess.run(
        ["unshare", "--time", "--boottime", "864000", sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
    )
    if inside.returncode != 0:
        pytest.skip("this machine does not allow such a namespace")
    with open("/proc/uptime") as file:
        outside = float(file.read().split()[0])
    assert 0 <= outside - float(inside.stdout) < 100


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a namespace")
@pytest.mark.parametrize("offset", [1, 864000])
def test_the_namespace_of_the_children_alone_changes_nothing(offset: int) -> None:
    """unshare(2) with CLONE_NEWTIME (0x80) does not move the caller, and its offsets are already in the file."""
    prepare = (
        "import ctypes, sys\nif ctypes.CDLL(None).unshare(0x80): sys.exit(77)\n"
        f"open('/proc/self/timens_offsets', 'w').write('boottime {offset}000 0')\n"
    )
    inside = subprocess.run([sys.executable, "-c", prepare + PROGRAM], capture_output=True, text=True, check=False)
    if inside.returncode == 77:
        pytest.skip("this machine does not allow such a namespace")
    with open("/proc/uptime") as file:
        outside = float(file.read().split()[0])
    assert 0 <= outside - float(inside.stdout) < 100, inside.stderr


@given(st.text(max_size=60), st.text(max_size=100))
def test_any_text_gives_an_uptime_or_an_error(text: str, offsets: str) -> None:
    try:
        uptime = parse_uptime(text, offsets)
    except ParseError:
        return
    assert uptime is None or uptime >= 0
