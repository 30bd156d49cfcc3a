"""Sets of CPUs as the kernel writes them: lists (``0-3,8``) and masks (``00000000,0000000f``).

Inside the driver a set is a whole number with one bit a CPU: cheap to compare, to intersect and to keep, however many
CPUs a file claims. Source: Documentation/admin-guide/cputopology.rst.
"""

from hostinfo.errors import ParseError

LIMIT = 65536
"""CPUs (and their highest number) that are believed; the kernel's own limit is 8,192 (NR_CPUS)."""
_DIGITS_LIMIT = 15  # far above LIMIT, and quick to convert
_WORDS = str.maketrans("", "", ",\n \t")


def parse_list(text: str, source: str) -> int:
    """The set in a list such as ``0-3,8,10-11``; empty text is the empty set."""
    found = 0
    told = 0
    for part in text.strip().split(","):
        if not part.strip():
            continue
        first, dash, last = part.partition("-")
        low = _number(first, source)
        high = _number(last, source) if dash else low
        if high < low:
            raise ParseError(source, f"a range that runs backwards: {part[:40]!r}")
        told += high - low + 1
        if told > LIMIT:
            raise ParseError(source, f"more than {LIMIT} CPUs")
        found |= ((1 << (high - low + 1)) - 1) << low
    return found


def parse_map(text: str, source: str) -> int:
    """The set in a mask of hexadecimal words, the highest CPUs first."""
    digits = text.translate(_WORDS)
    try:
        # four bits a digit; leading zeros stand for CPUs that could be
        found = int(digits or "0", 16) if len(digits) <= LIMIT // 2 else -1
    except ValueError as error:
        raise ParseError(source, "not a mask of CPUs") from error
    if found < 0 or found.bit_length() > LIMIT:
        raise ParseError(source, f"more than {LIMIT} CPUs")
    return found


def members(cpus: int) -> tuple[int, ...]:
    """The numbers in a set, ascending."""
    bits = f"{cpus:b}"
    top = len(bits) - 1
    return tuple(top - place for place in range(top, -1, -1) if bits[place] == "1")


def has(cpus: int, number: int) -> bool:
    """Whether the set holds this CPU."""
    return bool(cpus >> number & 1)


def _number(text: str, source: str) -> int:
    text = text.strip()
    if not text.isdecimal() or len(text) > _DIGITS_LIMIT:
        raise ParseError(source, f"not a list of CPUs: {text[:40]!r}")
    number = int(text)
    if number >= LIMIT:
        raise ParseError(source, f"more than {LIMIT} CPUs")
    return number
