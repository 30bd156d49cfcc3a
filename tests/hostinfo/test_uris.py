"""URIs that name no host are refused when the host is opened."""

import subprocess
import sys

import pytest

import hostinfo


@pytest.mark.parametrize("uri", ["sysfs://", "sysfs:", "sysfs://etc", "sysfs:/"])
def test_a_sysfs_uri_without_a_root_does_not_read_this_machine(uri: str) -> None:
    with pytest.raises(hostinfo.Unavailable, match="write sysfs:///"):
        hostinfo.open(uri)


def test_the_command_line_prints_one_line_and_fails() -> None:
    command = [sys.executable, "-m", "hostinfo", "-c", "sysfs://", "dump"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == ("hostinfo: sysfs://: write sysfs:/// for this machine, or sysfs:///DIR for another root\n")
