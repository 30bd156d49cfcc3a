"""Service notifications to systemd: sd_notify(3)."""

import contextlib
import os
import socket


def notify(*states: str) -> None:
    """Send states such as READY=1; do nothing unless systemd set NOTIFY_SOCKET."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return
    text = "\n".join(state.replace("\n", " ") for state in states)
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        sender.sendto(text.encode("utf-8", "replace"), "\0" + address[1:] if address[0] == "@" else address)


def watchdog_seconds() -> float | None:
    """Return the interval for WATCHDOG=1, half of systemd's timeout as sd_watchdog_enabled(3) advises; None: off."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return max(int(microseconds) / 2_000_000, 0.1)
