"""The check of commit messages, on repositories made here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECK = Path(__file__).parent.parent / ".ci" / "check_commits.py"
PERSON = {f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
ENVIRONMENT = {**os.environ, **PERSON, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
GOOD = "qmf: return the reason of a failed call\n\nA console could not distinguish a refusal from an error.\n"


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "commit", "--quiet", "--allow-empty", "--cleanup=verbatim", f"--message={message}")
    return git(folder, "rev-parse", "HEAD")


def check(folder: Path, base: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, CHECK, base], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "An old commit that follows no rule.")
    return folder


def test_commits_that_follow_the_rules_pass_and_older_ones_are_not_checked(repository: Path) -> None:
    base = git(repository, "rev-parse", "HEAD")
    for message in (GOOD, "tests/nodes, ci: boot two nodes\n\nHalf the time.\n\nSigned-off-by: A <a@example.org>\n"):
        commit(repository, message)
    done = check(repository, base)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"commits: 2 since {base[:12]} checked\n"


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        ("Return the reason of a failed call\n\nA body.\n", "area: what changed"),
        ("Qmf: return the reason of a failed call\n\nA body.\n", "area: what changed"),
        ("qmf: return the reason of a failed call.\n\nA body.\n", "area: what changed"),
        (f"qmf: {'x' * 68}\n\nA body.\n", "73 characters"),
        ("qmf: return the reason\nof a failed call\n\nA body.\n", "second line must be empty"),
        ("qmf: return the reason of a failed call\n", "body must give the reason"),
        ("qmf: return the reason\n\nSigned-off-by: A <a@example.org>\n", "body must give the reason"),
    ],
)
def test_a_commit_that_breaks_a_rule_is_reported_with_the_rule(repository: Path, message: str, rule: str) -> None:
    base = git(repository, "rev-parse", "HEAD")
    broken = commit(repository, message)
    commit(repository, GOOD)
    done = check(repository, base)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"commits: {broken[:12]} ")
    assert rule in line


def test_a_merge_is_reported(repository: Path) -> None:
    base = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "--quiet", "-b", "side")
    commit(repository, GOOD)
    git(repository, "checkout", "--quiet", "main")
    commit(repository, GOOD.replace("qmf", "cli"))
    git(repository, "merge", "--quiet", "--no-ff", "--message", GOOD, "side")
    done = check(repository, base)
    assert done.returncode == 1
    assert "is a merge" in done.stderr


def test_a_shallow_clone_without_the_base_is_skipped_with_a_message(repository: Path, tmp_path: Path) -> None:
    base = git(repository, "rev-parse", "HEAD")
    commit(repository, "No rule is followed here either.")
    git(tmp_path, "clone", "--quiet", "--depth=1", repository.as_uri(), "shallow")
    done = check(tmp_path / "shallow", base)
    assert done.returncode == 0
    assert done.stdout.startswith("commits: SKIPPED: the clone is shallow")


def test_outside_of_a_repository_the_check_is_skipped_with_a_message(tmp_path: Path) -> None:
    done = check(tmp_path, "HEAD")
    assert done.returncode == 0
    assert done.stdout.startswith("commits: SKIPPED: this is no git repository")


def test_a_base_that_a_full_clone_lacks_is_an_error(repository: Path) -> None:
    done = check(repository, "0123456789012345678901234567890123456789")
    assert done.returncode == 1
    assert "set BASE" in done.stderr
