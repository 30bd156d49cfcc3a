"""Numbers as people read them: sizes, frequencies, rates, durations, lists of CPUs."""

from __future__ import annotations


def size(count: int | None) -> str | None:
    """Return bytes with a binary prefix: 16 GiB, 31.2 GiB, 512 KiB."""
    if count is None:
        return None
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if value < 1024 or unit == "PiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if value == int(value) or value >= 100 else f"{value:.1f} {unit}"


def frequency(hertz: int | None) -> str | None:
    """Return hertz with a decimal prefix: 2.4 GHz, 800 MHz."""
    if hertz is None:
        return None
    return f"{hertz / 1e9:.2f}".rstrip("0").rstrip(".") + " GHz" if hertz >= 10**9 else f"{hertz / 1e6:.0f} MHz"


def bit_rate(megabits: int | None) -> str | None:
    """Return megabits per second with a decimal prefix: 100 Mb/s, 2.5 Gb/s."""
    if megabits is None:
        return None
    return f"{megabits / 1000:g} Gb/s" if megabits >= 1000 else f"{megabits} Mb/s"


def duration(seconds: float | None) -> str | None:
    """Return seconds in the two largest units: 3 d 4 h, 12 min, 5 s."""
    if seconds is None:
        return None
    left = int(seconds)
    parts = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= length:
            parts.append(f"{left // length} {unit}")
            left %= length
    return " ".join(parts[:2]) or "0 s"


def ranges(numbers: tuple[int, ...] | list[int]) -> str:
    """Return numbers as the kernel lists CPUs: 0-3,8-11."""
    parts: list[str] = []
    start = last = None
    for number in [*sorted(numbers), None]:
        if last is not None and number is not None and number == last + 1:
            last = number
            continue
        if start is not None:
            parts.append(str(start) if start == last else f"{start}-{last}")
        start = last = number
    return ",".join(parts)


def count(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or plural: 1 socket, 2 sockets."""
    return f"{number:,} {noun}".replace(",", " ") + ("" if number == 1 else "es" if noun.endswith("ch") else "s")


def join_present(*parts: object) -> str | None:
    """Return the parts that are neither empty nor false, with commas between them; None: there is none."""
    return ", ".join(str(part) for part in parts if part) or None
