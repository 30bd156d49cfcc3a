"""Network namespaces that tests create, and that hostinfo and ``ip`` read."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

NEEDS_NAMESPACE = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: creates a network namespace"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2 as the oracle"),
]

READ = """
import dataclasses, json, sys
sys.path[:0] = json.loads(sys.argv[1])
from hostinfo.drivers.sources.netlink.dump_socket import dump
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sysfs.net.link_counters import read_link_counters
from hostinfo.drivers.sysfs.network import read
from hostinfo.drivers.sources.tree import Tree
sources = Sources(tree=Tree("/"), netlink=dump)
result = read(sources, None)
facts = dataclasses.asdict(result.value)
facts["problems"] = [str(problem.error) for problem in result.problems]
facts["counters"] = [dataclasses.asdict(link) for link in read_link_counters(sources)]
print(json.dumps(facts))
"""


class Namespace:
    """A network namespace, with ``ip`` as the oracle."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, *command: str) -> str:
        return subprocess.run(
            ["ip", "netns", "exec", self.name, *command], check=True, capture_output=True, text=True, timeout=120
        ).stdout

    def ip(self, *arguments: str) -> Any:
        return json.loads(self.run("ip", "-j", "-d", *arguments) or "[]")

    def add(self, command: str) -> bool:
        """Return whether the kernel supports the command; a module may be missing."""
        run = subprocess.run(["ip", "-n", self.name, *command.split()], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            print(f"not on this kernel: ip {command}: {run.stderr.strip()}")
        return run.returncode == 0

    def batch(self, lines: list[str]) -> None:
        command = ["ip", "-n", self.name, "-batch", "-"]
        subprocess.run(command, input="\n".join(lines), text=True, check=True, timeout=600, capture_output=True)

    def read(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(self.run(sys.executable, "-c", READ, json.dumps(sys.path)))
        return facts


def create_namespace(name: str) -> Iterator[Namespace]:
    name = f"{name}{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode != 0:
        pytest.skip("network namespaces are not permitted here")
    try:
        yield Namespace(name)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)
