"""What the parsers of counters share."""

from hostinfo.errors import ParseError


def find_line(text: str, prefix: str) -> list[str] | None:
    """Return the words of the first line with this prefix; None if there is none."""
    for line in text.splitlines():
        if line.startswith(prefix):
            return line.split()
    return None


def parse_count(word: str, source: str) -> int:
    """Return an unsigned 64-bit integer; ParseError for other text."""
    if not word.isdecimal() or len(word) > 20:
        raise ParseError(source, f"not a count: {word[:40]!r}")
    return int(word)


def parse_decimal(word: str, source: str) -> float:
    """Return a number such as ``12.34``; ParseError for a sign, ``inf``, ``nan`` and other text."""
    whole, _, fraction = word.partition(".")
    if not (whole.isascii() and whole.isdecimal() and (fraction or "0").isdecimal() and word.isascii()):
        raise ParseError(source, f"not a number: {word[:40]!r}")
    if len(word) > 40:
        raise ParseError(source, f"too long for a number: {word[:40]!r}")
    return float(word)
