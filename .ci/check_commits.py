#!/usr/bin/env python3
"""Check the commits since BASE: subject `area: what changed`, at most 72 characters, a body with the reason, no merges.

Usage: check_commits.py [BASE]. Exit code 0: correct, or not checkable here (no repository, or a shallow clone without
BASE). Exit code 1: the commits listed on stderr break a rule.
"""

import re
import subprocess
import sys
from pathlib import Path

BASE = "4f2b026d03f0d048ef0a64fe31d682ee471233ef"
"""The last commit before these rules: older ones do not follow them."""
SUBJECT_LENGTH = 72
SUBJECT = re.compile(r"[a-z][\w./-]*(, [a-z][\w./-]*)*: \S.*[^.]")
TRAILER = re.compile(r"[A-Z][\w-]+: .*")


def main() -> int:
    base = sys.argv[1] if len(sys.argv) > 1 else BASE
    if git("rev-parse", "--git-dir") is None:
        return skip("this is no git repository")
    if git("rev-parse", "--verify", "--quiet", f"{base}^{{commit}}") is None:
        if (git("rev-parse", "--is-shallow-repository") or "").strip() == "true":
            return skip(f"the clone is shallow and lacks {base}")
        print(f"commits: {base} is not in this repository; set BASE in {Path(__file__).name}", file=sys.stderr)
        return 1
    commits = (git("rev-list", "--reverse", f"{base}..HEAD") or "").split()
    broken = [(commit, rule) for commit in commits for rule in broken_rules(commit)]
    for commit, rule in broken:
        subject = (git("show", "--no-patch", "--format=%s", commit) or "").strip()
        print(f"commits: {commit[:12]} {subject!r}: {rule}", file=sys.stderr)
    print(f"commits: {len(commits)} since {base[:12]} checked")
    return 1 if broken else 0


def broken_rules(commit: str) -> list[str]:
    parents = (git("show", "--no-patch", "--format=%P", commit) or "").split()
    if len(parents) > 1:
        return ["is a merge; rebase instead"]
    subject, *rest = (git("show", "--no-patch", "--format=%B", commit) or "").rstrip().split("\n")
    rules = []
    if not SUBJECT.fullmatch(subject):
        rules.append("the subject must be `area: what changed`, with a lower-case area and no full stop")
    if len(subject) > SUBJECT_LENGTH:
        rules.append(f"the subject has {len(subject)} characters; at most {SUBJECT_LENGTH} are allowed")
    if rest and rest[0].strip():
        rules.append("the second line must be empty")
    if not any(line.strip() and not TRAILER.fullmatch(line) for line in rest[1:]):
        rules.append("the body must give the reason of the change")
    return rules


def git(*arguments: str) -> str | None:
    """Return the output of a git command, or None if it failed."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, errors="replace", check=False)
    return done.stdout if done.returncode == 0 else None


def skip(reason: str) -> int:
    print(f"commits: SKIPPED: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
