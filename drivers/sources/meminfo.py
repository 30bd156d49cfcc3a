"""Parse /proc/meminfo, proc_meminfo(5), and the meminfo file of a NUMA node, whose lines start with ``Node N``."""


def parse_meminfo(text: str) -> dict[str, int]:
    """Return bytes by name for the lines in kB; other lines are ignored."""
    amounts = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if not colon:
            continue
        match value.split():
            case [kibibytes, "kB"] if kibibytes.isdecimal() and len(kibibytes) < 16:
                amounts[name.rpartition(" ")[2]] = int(kibibytes) * 1024
    return amounts
