"""Who must still reach this host after a change: the other end of the login session that requests it."""

from __future__ import annotations

import os

PARENTS_LIMIT = 32
ENVIRONMENT_LIMIT = 1024 * 1024


def login_peers() -> tuple[str, ...]:
    """Return the address from which the user is logged in by SSH; empty: the session is local.

    sshd puts it into SSH_CONNECTION, ssh(1). sudo(8) removes that, so the environment of each parent process is read as
    well, proc_pid_environ(5).
    """
    here = os.environ.get("SSH_CONNECTION")
    if here:
        return (here.split()[0],)
    process = os.getppid()
    for _ in range(PARENTS_LIMIT):
        if process <= 1:
            break
        for entry in _read(f"/proc/{process}/environ").split(b"\0"):
            if entry.startswith(b"SSH_CONNECTION=") and len(words := entry[15:].split()) == 4:
                return (words[0].decode("ascii", "replace"),)
        process = _parent(process)
    return ()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(ENVIRONMENT_LIMIT)
    except OSError:
        return b""


def _parent(process: int) -> int:
    """Return the parent of a process, proc_pid_stat(5); its name may have blanks and brackets."""
    fields = _read(f"/proc/{process}/stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 and fields[1].isdigit() else 0
