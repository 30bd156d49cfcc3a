"""Amounts in /proc/meminfo, proc_meminfo(5), and in each node's: the same lines behind ``Node N``."""


def parse_meminfo(text: str) -> dict[str, int]:
    """Bytes by name for the lines that are in kB; others are left out, whatever they hold."""
    amounts = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if not colon:
            continue
        match value.split():
            case [kibibytes, "kB"] if kibibytes.isdecimal() and len(kibibytes) < 16:
                amounts[name.rpartition(" ")[2]] = int(kibibytes) * 1024
    return amounts
