"""What ``hostinfo record`` reports about a recording that it made; holds no secret."""

from __future__ import annotations

from hostinfo.record import record


@record
class Scrubbed:
    """Secrets of one kind that were replaced: how many, and where."""

    kind: str
    """MAC address, IP address, UUID, serial number, host name, …"""
    values: int
    """How many different ones."""
    places: int
    """How many occurrences."""
    paths: tuple[str, ...]
    """The files and replies that contained them."""


@record
class Report:
    """A recording that was made."""

    directory: str
    """Where it was written."""
    drivers: tuple[str, ...]
    """The drivers that were recorded, in order of preference."""
    files: int
    """Files of the machine."""
    replies: int
    """Results of other sources."""
    errors: int
    """Reads that failed, and fail again when replayed."""
    size_bytes: int
    """Size of the folder's files."""
    seconds: float
    """How long it took."""
    is_raw: bool
    """True: nothing was scrubbed, and only the owner can read the folder."""
    scrubbed: tuple[Scrubbed, ...]
    """What was replaced, by kind."""
    left_out: tuple[str, ...]
    """Files and replies that are not in the recording, because their content is unknown."""
    problems: tuple[str, ...]
    """Drivers that could not be opened, and internal errors in them."""

    def __str__(self) -> str:
        """Return the report for people."""
        read = f"{self.files} files, {self.replies} replies and {self.errors} errors from {', '.join(self.drivers)}"
        lines = [f"{self.directory}: {read} in {self.size_bytes / 1024:.0f} KiB, {self.seconds:.2f} s"]
        lines += [f"  {problem}" for problem in self.problems]
        if self.is_raw:
            return "\n".join([*lines, "NOT scrubbed: it holds serial numbers, addresses and names; keep it private"])
        for entry in self.scrubbed:
            more = f" and {len(entry.paths) - 3} more" if len(entry.paths) > 3 else ""
            where = f"in {entry.places} places ({', '.join(entry.paths[:3])}{more})"
            lines.append(f"  replaced {entry.kind}: {entry.values}, {where}")
        lines += [f"  left out {path}: content unknown" for path in self.left_out]
        return "\n".join([*lines, "Scrubbed; check the folder before you publish it"])
