"""Parse sets of CPUs as the kernel prints them: lists (``0-3,8``) and masks (``00000000,0000000f``).

A set is an integer with one bit per CPU: cheap to compare, to intersect and to store, however many CPUs a file claims.
Source: Documentation/admin-guide/cputopology.rst.
"""

from hostinfo.errors import ParseError

LIMIT = 65536
"""Maximum number of CPUs, and of a CPU number, that is accepted; the kernel's limit is 8,192 (NR_CPUS)."""
_DIGITS_LIMIT = 15  # far above LIMIT, and quick to convert
_SEPARATORS = str.maketrans("", "", ",\n \t")


def parse_list(text: str, source: str) -> int:
    """Return the set in a list such as ``0-3,8,10-11``; empty text is the empty set."""
    found = 0
    count = 0
    for part in text.strip().split(","):
        if not part.strip():
            continue
        first, dash, last = part.partition("-")
        low = _number(first, source)
        high = _number(last, source) if dash else low
        if high < low:
            raise ParseError(source, f"range with its end before its start: {part[:40]!r}")
        count += high - low + 1
        if count > LIMIT:
            raise ParseError(source, f"more than {LIMIT} CPUs")
        found |= ((1 << (high - low + 1)) - 1) << low
    return found


def parse_map(text: str, source: str) -> int:
    """Return the set in a mask of hexadecimal words, the highest CPUs first."""
    digits = text.translate(_SEPARATORS)
    try:
        # four bits per digit; leading zeros are possible CPUs
        found = int(digits or "0", 16) if len(digits) <= LIMIT // 2 else -1
    except ValueError as error:
        raise ParseError(source, "not a CPU mask") from error
    if found < 0 or found.bit_length() > LIMIT:
        raise ParseError(source, f"more than {LIMIT} CPUs")
    return found


def members(cpus: int) -> tuple[int, ...]:
    """Return the CPU numbers in a set, ascending."""
    bits = f"{cpus:b}"
    top = len(bits) - 1
    return tuple(top - index for index in range(top, -1, -1) if bits[index] == "1")


def has(cpus: int, number: int) -> bool:
    """Return whether the set contains this CPU."""
    return bool(cpus >> number & 1)


def _number(text: str, source: str) -> int:
    text = text.strip()
    if not text.isdecimal() or len(text) > _DIGITS_LIMIT:
        raise ParseError(source, f"not a CPU list: {text[:40]!r}")
    number = int(text)
    if number >= LIMIT:
        raise ParseError(source, f"more than {LIMIT} CPUs")
    return number
