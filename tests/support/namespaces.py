"""Network namespaces for tests that change links; they need root and iproute2."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

needs_namespace = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: creates a network namespace"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2"),
]


def ip(namespace: str, command: str) -> None:
    subprocess.run(["ip", "-n", namespace, *command.split()], check=True, timeout=20)


@contextmanager
def network_namespace() -> Iterator[str]:
    name = f"hostinfo-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        ip(name, "link set lo up")
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def private_network(number: int = 0) -> tuple[str, str]:
    """Return two neighbouring addresses, ours and another host's, from 198.18.0.0/15 (RFC 2544).

    They differ between test processes, so that a run that was killed leaves no route that another one takes.
    """
    block = (os.getpid() * 8 + number % 8) * 4 % 2**17
    high, low = divmod(block, 256)
    prefix = f"198.{18 + high // 256}.{high % 256}"
    return f"{prefix}.{low + 1}", f"{prefix}.{low + 2}"
