"""The clocks of a transaction: the time since boot decides, the wall clock is for people.

CLOCK_BOOTTIME goes on while the machine is suspended and no one can set it, clock_gettime(2). It starts again with each
boot, so a deadline is valid together with the boot_id only, random(4).
"""

from __future__ import annotations

import os
import time


def boottime() -> float:
    """Return the seconds since boot, including those in which the machine was suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """Return the name of this boot."""
    descriptor = os.open("/proc/sys/kernel/random/boot_id", os.O_RDONLY)
    try:
        return os.read(descriptor, 64).decode().strip()
    finally:
        os.close(descriptor)


def wall_clock() -> str:
    """Return the date and time in UTC, such as 2026-01-31T12:00:00Z; for people only."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
