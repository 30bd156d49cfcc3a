"""Configured names, with the quoting and precedence of their manual pages."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import hostinfo
from hostinfo.drivers.sysfs.platform.etc_files import parse_assignments
from hostinfo.drivers.sysfs.platform.machine_identity import iso_date
from hostinfo.model.system import System
from tests.support.trees import write_tree


def read_system(root: Path) -> System:
    with hostinfo.open(f"sysfs://{root}") as host:
        return host.system().value


MACHINE_INFO = r"""PRETTY_HOSTNAME="Anna's \"node\""
DEPLOYMENT=production
#LOCATION=x
LOCATION='Rack 4, "B"'
"""


def test_configured_names_follow_their_manual_pages(tmp_path: Path) -> None:
    found = read_system(
        write_tree(
            tmp_path,
            {
                "proc/sys/kernel/hostname": "node1.example.org\n",
                "etc/hostname": "# comment\n\nnode1\n",
                "etc/machine-info": MACHINE_INFO,
                "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
                "etc/os-release": 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
                "usr/lib/os-release": "PRETTY_NAME=Other\n",
            },
        )
    )
    assert (found.hostname, found.static_hostname) == ("node1.example.org", "node1")
    assert (found.pretty_hostname, found.deployment) == ('Anna\'s "node"', "production")
    assert found.location == 'Rack 4, "B"'
    assert (found.machine_id, found.os_name) == ("0123456789abcdef0123456789abcdef", "Debian GNU/Linux 12 (bookworm)")


def test_a_first_boot_has_no_machine_id(tmp_path: Path) -> None:
    assert read_system(write_tree(tmp_path, {"proc/": "", "etc/machine-id": "uninitialized\n"})).machine_id is None


@given(st.text(max_size=300))
def test_any_text_gives_assignments_and_dates(text: str) -> None:
    assert all(isinstance(value, str) for value in parse_assignments(text).values())
    assert iso_date(text) or not text
