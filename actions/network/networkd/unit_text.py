"""The syntax of systemd's configuration files, systemd.syntax(7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hostinfo.record import record

Setting = tuple[str, str]
"""Key and value."""


@record
class Section:
    """One section, as often as its header is written: there is one [Address] section per address."""

    name: str
    """Name in brackets."""
    settings: tuple[Setting, ...] = ()
    """Keys and values in order; an empty value removes what was given before."""


def parse_unit(text: str) -> tuple[Section, ...]:
    """Return the sections of a file in order; comments, and lines that are no setting, are left out."""
    found: list[Section] = []
    name: str | None = None
    settings: list[Setting] = []
    for line in _lines(text):
        if line.startswith("[") and line.endswith("]"):
            if name is not None:
                found.append(Section(name=name, settings=tuple(settings)))
            name, settings = line[1:-1], []
            continue
        key, separator, value = line.partition("=")
        if separator and name is not None:
            settings.append((key.strip(), value.strip()))
    if name is not None:
        found.append(Section(name=name, settings=tuple(settings)))
    return tuple(found)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines without comments; a backslash at the end of a line joins it with the next one."""
    joined = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(("#", ";")):
            continue
        if stripped.endswith("\\"):
            joined += stripped[:-1] + " "
            continue
        if joined or stripped:
            yield (joined + stripped).strip()
        joined = ""
    if joined.strip():
        yield joined.strip()


def format_unit(sections: Iterable[Section], comment: str = "") -> str:
    """Return the text of a file; sections without settings are left out."""
    blocks = ["".join(f"# {line}\n" for line in comment.splitlines())] if comment else []
    blocks.extend(
        f"[{section.name}]\n" + "".join(f"{key}={value}\n" for key, value in section.settings)
        for section in sections
        if section.settings
    )
    return "\n".join(blocks)


def parse_boolean(value: str) -> bool | None:
    """Return a boolean by any of its spellings; None: it is none."""
    word = value.lower()
    return True if word in ("1", "yes", "y", "true", "t", "on") else False if word in _FALSE else None


_FALSE = ("0", "no", "n", "false", "f", "off")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)\s*")
_UNITS = {
    "us": 0.001, "usec": 0.001, "ms": 1, "msec": 1, "": 1000, "s": 1000, "sec": 1000, "second": 1000, "seconds": 1000,
    "m": 60_000, "min": 60_000, "minute": 60_000, "minutes": 60_000,
    "h": 3_600_000, "hr": 3_600_000, "hour": 3_600_000, "hours": 3_600_000,
}  # fmt: skip


def parse_milliseconds(value: str) -> int | None:
    """Return a time span, systemd.time(7), in milliseconds; None: it is none, or has fractions of them."""
    total, end = 0.0, 0
    for found in _SPAN.finditer(value):
        if found.start() != end or found[2] not in _UNITS:
            return None
        total, end = total + float(found[1]) * _UNITS[found[2]], found.end()
    return round(total) if value and end == len(value) and abs(total - round(total)) < 1e-6 else None
