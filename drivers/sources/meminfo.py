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


def is_meminfo_from_lxcfs(mounts: str) -> bool:
    """Return whether lxcfs replaces /proc/meminfo by a container's limits, from proc_pid_mountinfo(5)."""
    for line in mounts.split("\n"):
        if "fuse.lxcfs" in line and line.split()[4:5] in (["/proc/meminfo"], ["/proc"]):
            return True
    return False
