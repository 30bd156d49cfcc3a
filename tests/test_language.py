"""The text of the project uses the terms of the field: words that were replaced by them must not come back."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
RETIRED = {
    "told": "reported, read, available",
    "tell": "report, return, determine",
    "tells": "reports, returns, determines",
    "telling": "reporting, returning",
    "hear": "is notified of, receives, monitors",
    "hears": "is notified of, receives, monitors",
    "heard": "notified of, received, monitored",
    "hearsay": "pending, notified",
    "knock": "connect, connection attempt",
    "knocks": "connects, connection attempts",
    "patience": "backoff, timeout",
    "beside": "alongside, next to, together with",
    "anew": "again, from scratch",
    "nobody": "no source, no client, no user",
    "errand": "task, command",
    "errands": "tasks, commands",
    "farewell": "finalizer, last message",
    "letgo": "close_async, release",
    "swarm": "burst",
    "swarms": "bursts",
    "storm": "burst",
    "storms": "bursts",
    "travelling": "in its form for the wire",
    "blame": "report",
}
"""Word -> terms to use instead. Identifiers are split into words at underscores and capitals."""
LEGITIMATE = re.compile(r"(--reuid=|--user=|User=|getpwnam\(\")nobody")
"""The Unix user of that name."""
SKIPPED_FILES = {"CHANGELOG.md", "COPYING", "names.changed.md", Path(__file__).name}
SKIPPED_FOLDERS = {"__pycache__", "_build", "build", "dist", "fixtures"}
SUFFIXES = {"", ".cfg", ".conf", ".ini", ".jinja", ".js", ".md", ".py", ".rules", ".service", ".sh", ".toml"}
ONE_PER = re.compile(
    r"\b(an?|one|once|twice) ?(entry|line|file|module|command|key|round|row|object|thread|call|message)? "
    r"a (group|dump|driver|fact|command|round|module|second|thread|node|machine|agent|file|line|group)\b"
)
"""Distribution: "one entry per group"."""
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def files(folder: Path = CHECKOUT) -> Iterator[Path]:
    """Yield every text file of the project once: through its root folder, not through a symlink."""
    for parent, folders, names in os.walk(folder):
        hidden = {name for name in folders if name.endswith(".egg-info") or (name.startswith(".") and name != ".ci")}
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS - hidden)
        for name in sorted(set(names) - SKIPPED_FILES):
            path = Path(parent, name)
            if path.suffix in SUFFIXES and not name.startswith(".") and not path.is_symlink():
                yield path


def retired_words(line: str) -> list[str]:
    line = LEGITIMATE.sub("", line).replace("let_go", "letgo")
    words = [word for word in map(str.lower, WORD.findall(line)) if word in RETIRED]
    return [*words, *(found[0] for found in ONE_PER.finditer(line))]


def test_no_retired_word_is_used() -> None:
    counts: Counter[str] = Counter()
    lines = []
    for path in files():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            for word in retired_words(line):
                counts[word] += 1
                lines.append(f"{path.relative_to(CHECKOUT)}:{number}: {word!r}; use: {RETIRED.get(word, 'per')}")
    assert not lines, "\n".join([f"retired words: {dict(counts.most_common())}", *lines])


def test_words_in_identifiers_are_found_and_parts_of_words_are_not() -> None:
    assert retired_words("is_told(IsTold, TOLD_BY, _hear_network)") == ["told", "told", "told", "hear"]
    assert retired_words("heartbeat besides intelligence hearing panels") == []
    assert retired_words("setpriv --reuid=nobody") == []
    assert retired_words("nobody reads this") == ["nobody"]


def test_an_article_for_per_is_found() -> None:
    assert retired_words("one entry a group, once a second") == ["one entry a group", "once a second"]
    assert retired_words("one entry per group; once, a second reader") == []
