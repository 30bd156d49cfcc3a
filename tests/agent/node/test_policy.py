"""The policy's file: what is refused with a reason, and names that look like its words."""

from pathlib import Path

import pytest

from hostinfo import ParseError
from hostinfo.agent.node.policy import load

ALL = """
[groups]
operators = ["alice"]
[[allow]]
who = ["@operators", "loopback", "authenticated", "anonymous"]
read = ["*"]
call = ["ovirtNode.*"]
"""


def policy(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "user", ["@operators", "loopback", "authenticated", "anonymous", "Loopback", "loopback@REALM", "@none", " loopback"]
)
def test_a_user_named_like_a_word_of_the_policy_may_do_nothing(tmp_path: Path, user: str) -> None:
    loaded = load(str(policy(tmp_path, ALL)))
    assert not loaded.may_call(user, "ovirtNode.echo", is_loopback=True)
    assert not loaded.may_read(user, None, is_loopback=True)
    assert loaded.may_call("alice", "ovirtNode.echo", is_loopback=False)
    assert loaded.may_call(None, "ovirtNode.echo", is_loopback=False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("who = []\nread = ['*']", "at least one user"),
        ("who = ['Authenticated']\nread = ['*']", "lower case"),
        ("who = ['loopback ']\nread = ['*']", "blanks"),
        ("who = ['alice ']\nread = ['*']", "blanks"),
        ("who = ['alice']", "allows nothing"),
        ("who = ['alice']\nread = ['ovirtNode ']", "not a name"),
        ("who = ['alice']\nread = ['ovirtNod?']", "not a name"),
        ("who = ['alice']\ncall = ['ovirtNode.[er]*']", "not a name"),
        ("who = ['alice']\ncall = ['refresh']", "CLASS.METHOD"),
    ],
)
def test_a_rule_that_could_never_apply_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = policy(tmp_path, f"[[allow]]\n{text}\n")
    with pytest.raises(ParseError, match=reason) as caught:
        load(str(path))
    assert "allow 1" in str(caught.value)


def test_a_star_matches_any_characters_and_a_dot_only_itself(tmp_path: Path) -> None:
    loaded = load(str(policy(tmp_path, "[[allow]]\nwho = ['al']\ncall = ['ovirt*.e*', 'a.b']\n")))
    assert loaded.may_call("al", "ovirtNode.echo", is_loopback=False)
    assert not loaded.may_call("al", "ovirtNode.refresh", is_loopback=False)
    assert not loaded.may_call("al", "axb", is_loopback=False)
