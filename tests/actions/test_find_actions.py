"""Who gets actions: this host only, and never who only reads facts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import hostinfo
from hostinfo.action import KINDS
from hostinfo.facade import HostInfo
from hostinfo.registry import is_this_host
from hostinfo.testing import check_actions
from tests.conftest import FIXTURES
from tests.support import command

LOCAL = (None, "sysfs:///", "xen:///system", "qemu:///system", "qemu:///session")
ELSEWHERE = (
    "recorded:/srv/host1", "sysfs:///mnt/root", "sysfs://", "xen+ssh://host1/system", "qemu+tls://host1/system",
    "qemu://host1/system", "qemu+unix:///system?socket=/tmp/forwarded", "xen:///system?socket=/tmp/forwarded",
    "test:///default", "sample:other",
)  # fmt: skip


@pytest.mark.parametrize("uri", LOCAL)
def test_this_host_is_known_by_its_uri(uri: str | None) -> None:
    assert is_this_host(uri)


@pytest.mark.parametrize("uri", ELSEWHERE)
def test_any_other_uri_has_no_actions_and_says_why(uri: str) -> None:
    actions = HostInfo((), uri=uri).actions()
    check_actions(actions)
    for kind in KINDS:
        assert getattr(actions, kind) is None
        assert actions.unsupported_reasons[kind].startswith(f"{uri}: actions work on the host itself only")


@pytest.mark.parametrize("machine", ["qemu-q35-kvm"], indirect=True)
def test_a_recorded_host_has_no_actions(machine: HostInfo) -> None:
    actions = machine.actions()
    check_actions(actions)
    assert all(getattr(actions, kind) is None for kind in KINDS)
    assert str(FIXTURES / "qemu-q35-kvm") in actions.unsupported_reasons["power"]


def test_the_actions_of_this_host_keep_the_contract() -> None:
    with hostinfo.open() as host:
        check_actions(host.actions())


def test_who_only_reads_facts_imports_no_action(tmp_path: Path) -> None:
    code = (
        "import sys, hostinfo; from hostinfo.cli import main; main(['dump', '--json']);"
        "print([name for name in sys.modules if name.startswith('hostinfo.action')])"
    )
    environment = command.environment(tmp_path)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
