"""The policy file: what is allowed, to whom, and which files are refused."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from hostinfo.actions.service.methods import read_interface
from hostinfo.actions.service.policy import CHANGING, READING, Policy, load
from hostinfo.errors import HostInfoError
from hostinfo.varlink.interface import Method
from hostinfo.varlink.peer import Peer
from tests.support.toy_actions import CHECKOUT

DAEMON = pwd.getpwnam("daemon")
ADM = grp.getgrnam("adm")


def peer(uid: int, *gids: int) -> Peer:
    return Peer(pid=1, uid=uid, gids=frozenset(gids))


def policy(folder: Path, text: str) -> Policy:
    path = folder / "actions.toml"
    path.write_text(text)
    path.chmod(0o644)
    return load(str(path))


def may_begin(found: Policy, user: str, who: Peer) -> bool:
    return found.may_call(user, who, "BeginNetwork")


def test_every_method_is_one_that_reads_or_one_that_changes() -> None:
    methods = {one.name for one in read_interface().definitions if isinstance(one, Method)}
    assert methods == {*READING, *CHANGING}
    assert not set(READING) & set(CHANGING)


def test_without_a_file_users_may_read_and_root_may_change(tmp_path: Path) -> None:
    found = load(str(tmp_path / "none"))
    assert found.may_call("alice", peer(1000), "GetNetwork")
    assert not may_begin(found, "alice", peer(1000))
    assert may_begin(found, "root", peer(0))
    assert found.may_force("root", peer(0))
    assert not found.may_force("alice", peer(1000))


def test_the_shipped_file_is_the_default(tmp_path: Path) -> None:
    shipped = policy(tmp_path, (CHECKOUT / "packaging" / "actions.toml").read_text())
    default = load(str(tmp_path / "none"))
    assert (shipped.rules, shipped.limits) == (default.rules, default.limits)


def test_users_and_groups_are_those_of_this_host(tmp_path: Path) -> None:
    found = policy(tmp_path, '[[allow]]\nwho = ["daemon", "@adm", "@60009", "60001"]\ncall = ["Begin*"]\n')
    assert may_begin(found, "daemon", peer(DAEMON.pw_uid))
    assert may_begin(found, "alice", peer(1000, ADM.gr_gid))
    assert may_begin(found, "alice", peer(1000, 60009))
    assert may_begin(found, "60001", peer(60001))
    assert not may_begin(found, "adm", peer(1000))
    assert not may_begin(found, "alice", peer(1000, DAEMON.pw_gid))
    assert not may_begin(found, "local", peer(1000))
    assert not found.may_call("daemon", peer(DAEMON.pw_uid), "CommitNetwork")
    assert not found.may_call("daemon", peer(DAEMON.pw_uid), "GetNetwork")


def test_local_is_every_user(tmp_path: Path) -> None:
    found = policy(tmp_path, '[[allow]]\nwho = ["local"]\ncall = ["*"]\nforce = true\n')
    assert may_begin(found, "anyone", peer(1234))
    assert found.may_force("anyone", peer(1234))


def test_the_window_is_limited_for_users_and_not_for_root(tmp_path: Path) -> None:
    found = policy(tmp_path, "[window]\nminimum_seconds = 30\nmaximum_seconds = 120.5\n")
    assert (found.limits_of(peer(1)).minimum_seconds, found.limits_of(peer(1)).maximum_seconds) == (30, 120.5)
    assert found.limits_of(peer(0)).maximum_seconds == 3600


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[allow]]\nwho = 1", "allow 1: who: expected a list of strings"),
        ('[[allow]]\nwho = ["a"]', "allow 1: allows nothing"),
        ('[[allow]]\nwho = []\ncall = ["*"]', "allow 1: allows nothing"),
        ('[[allow]]\ncall = ["*"]', "allow 1: expected who, and read, call or force"),
        ('[[allow]]\nwho = ["a"]\ncall = ["Begin"]', "did you mean BeginNetwork"),
        ('[[allow]]\nwho = ["a"]\nread = ["BeginNetwork"]', "matches no method"),
        ('[[allow]]\nwho = ["a"]\nread = ["*"]\nmay = true', "expected who"),
        ('[[allow]]\nwho = ["*"]\ncall = ["*"]', "'*' is no user, @group or local"),
        ('[[allow]]\nwho = ["@"]\ncall = ["*"]', "'@' is no user, @group or local"),
        ('[[allow]]\nwho = ["a b"]\ncall = ["*"]', "is no user"),
        ('[[allow]]\nwho = ["a"]\nforce = "yes"', "force: expected true or false"),
        ("[window]\nminimum = 1", "window: minimum: no such setting; did you mean minimum_seconds"),
        ("[window]\nminimum_seconds = 0", "expected 1 to 3600 seconds"),
        ("[window]\nmaximum_seconds = nan", "expected 1 to 3600 seconds"),
        ("[window]\nmaximum_seconds = true", "expected 1 to 3600 seconds"),
        ("[window]\nminimum_seconds = 60\nmaximum_seconds = 30", "minimum_seconds is larger"),
        ("[other]", "expected only [window] and [[allow]], not other"),
        ("[[", "invalid TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_entry(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(HostInfoError) as caught:
        policy(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "actions.toml"))
    assert message in str(caught.value)


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "actions.toml"
    path.write_text('[[allow]]\nwho = ["local"]\ncall = ["*"]\n')
    path.chmod(0o666)
    with pytest.raises(HostInfoError, match="others may write it; run chown root and chmod 644"):
        load(str(path))
    if os.geteuid() == 0:
        path.chmod(0o644)
        os.chown(path, 60001, 60001)
        with pytest.raises(HostInfoError, match="others may write it"):
            load(str(path))
    path.unlink()
    path.mkdir()
    with pytest.raises(HostInfoError, match="Is a directory; until it is corrected, only root is allowed"):
        load(str(path))
