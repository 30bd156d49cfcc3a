"""``hostinfo watch``, in a network namespace where links are added and removed."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.agent_process import ROOT, until
from tests.support.namespaces import ip, needs_namespace, network_namespace

pytestmark = needs_namespace


@pytest.fixture
def namespace() -> Iterator[str]:
    with network_namespace() as name:
        yield name


def test_changes_are_json_lines_and_an_interrupt_ends_it_cleanly(namespace: str) -> None:
    command = ["ip", "netns", "exec", namespace, sys.executable, "-m", "hostinfo", "watch", "--json", "network"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True) as run:
        assert run.stdout is not None
        lines: list[dict[str, object]] = []
        reader = threading.Thread(target=lambda: lines.extend(map(json.loads, run.stdout or ())))
        reader.start()
        until(lambda: is_waiting(run.pid), 20)
        ip(namespace, "link add b0 type bridge")
        until(lambda: any(one["path"] == "network.links[b0]" for one in lines), 10)
        ip(namespace, "link set b0 mtu 1400")
        until(lambda: any(one["path"] == "network.links[b0].mtu" for one in lines), 10)
        run.send_signal(signal.SIGINT)
        assert run.wait(10) == 0
        reader.join()
        assert run.stderr is not None
        assert run.stderr.read() == ""
    (change,) = [one for one in lines if one["path"] == "network.links[b0].mtu"]
    assert (change["old"], change["new"]) == (1500, 1400)


def is_waiting(pid: int) -> bool:
    """Whether the program sleeps in poll(2): it has read everything and waits for notifications."""
    try:
        return "poll" in Path(f"/proc/{pid}/wchan").read_text() or "poll" in Path(f"/proc/{pid}/stack").read_text()
    except OSError:
        return False
