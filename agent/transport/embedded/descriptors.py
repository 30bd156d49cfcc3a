"""How many connections a listener may keep, so that the process can always open files: getrlimit(2), RLIMIT_NOFILE."""

from __future__ import annotations

import contextlib
import os
import resource

RESERVE = 128
"""Descriptors that connections never take: the agent reads facts, calls libvirt and connects to brokers with them."""
MAX_PENDING = 100
MIN_CONNECTIONS = 4


def connection_limits(max_connections: int) -> tuple[int, int]:
    """Return how many clients, and how many connections that are not open yet, the process has descriptors for.

    Raises the soft limit as far as the hard limit allows and these need.
    """
    in_use = _in_use()
    needed = in_use + RESERVE + max_connections + MAX_PENDING
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        with contextlib.suppress(OSError, ValueError):  # a system call filter
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return max_connections, MAX_PENDING
    return share(soft - in_use - RESERVE, max_connections)


def share(descriptors: int, max_connections: int) -> tuple[int, int]:
    """Return the limits of clients and of pending connections that fit into this number of descriptors."""
    pending = max(MIN_CONNECTIONS, min(MAX_PENDING, descriptors // 4))
    return min(max_connections, max(MIN_CONNECTIONS, descriptors - pending)), pending


def _in_use() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 32
