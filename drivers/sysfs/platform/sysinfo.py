"""Parse /proc/sysinfo of s390: machine, logical partition, and the stack of hypervisors."""


def parse_sysinfo(text: str) -> dict[str, str]:
    """Return the values by name, with single spaces; of equal names the first."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.partition(":")
        if separator:
            values.setdefault(name.strip(), " ".join(value.split()))
    return values
