"""README's blocks are executed, and what they show is compared with what is printed.

``…`` in a shown line matches the rest of a value, which differs from machine to machine.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rabbitmq import RabbitMq, require_version_4
from tests.support.transport_helpers import free_port

ROOT = Path(__file__).parents[1]
TOTAL = "memory.total_bytes"
README = (ROOT / "README.md").read_text()


def console_commands() -> Iterator[tuple[str, list[str]]]:
    """Each command of the console blocks, and the lines shown below it."""
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, *shown = part.splitlines()
            yield re.sub(r"\s+#.*", "", command), shown


def hostinfo_arguments(command: str) -> list[str]:
    words = command.split()
    assert words[:2] == ["./run", "hostinfo"], command
    return [sys.executable, "-m", "hostinfo", *words[2:]]


def matches(shown: str, printed: str) -> bool:
    return re.fullmatch(".+".join(re.escape(part) for part in shown.split("…")), printed) is not None


COMMANDS = [(command, shown) for command, shown in console_commands() if " agent " not in f"{command} "]


@pytest.mark.parametrize(("command", "shown"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_readme_shows_what_the_command_prints(command: str, shown: list[str]) -> None:
    arguments, agent = hostinfo_arguments(command), None
    if "console" in arguments:
        port = free_port()
        ((started, _),) = [(c, s) for c, s in console_commands() if " agent " in c]
        url = f"amqp://127.0.0.1:{port}"
        agent = subprocess.Popen(
            [url if word.startswith("amqp://") else word for word in hostinfo_arguments(started)],
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
        at = arguments.index("console") + 1
        arguments[at:at] = ["--broker", url]
    try:
        ends = time.monotonic() + 30
        while True:
            done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
            if done.returncode == 0 or agent is None or time.monotonic() > ends:
                break
        printed = [line.rstrip() for line in done.stdout.splitlines()]
        assert done.returncode == 0, done.stderr
        assert len(printed) == len(shown), done.stdout
        assert [pair for pair in zip(shown, printed, strict=True) if not matches(*pair)] == []
    finally:
        if agent is not None:
            agent.terminate()
            agent.wait(30)


@pytest.mark.slow
def test_the_commands_with_a_broker_need_nothing_but_a_fresh_rabbitmq_4(tmp_path: Path) -> None:
    lines = [line for line in README.splitlines() if line.startswith("./run hostinfo ") and "--broker" in line]
    assert len(lines) == 2
    (shown,) = [shown for command, shown in COMMANDS if command.endswith("console list")]
    with RabbitMq(tmp_path, version_4=require_version_4()) as broker:
        started, listed = (
            [broker.url if word.startswith("amqps://") else word for word in hostinfo_arguments(line)] for line in lines
        )
        agent = subprocess.Popen(started, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            ends = time.monotonic() + 30
            while True:
                done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
                if done.returncode == 0 or time.monotonic() > ends:
                    break
        finally:
            agent.terminate()
            agent.wait(30)
    printed = [line.rstrip() for line in done.stdout.splitlines()]
    assert len(printed) == len(shown), done.stderr
    assert [pair for pair in zip(shown, printed, strict=True) if not matches(*pair)] == []


def test_readme_shows_commands() -> None:
    assert len(COMMANDS) >= 3


def test_the_python_example_runs_on_a_recorded_dom0() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    code = example.replace("hostinfo.open()", 'hostinfo.open("recorded:tests/fixtures/acme-hostone-xen")')
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    total, source, given = done.stdout.splitlines()
    oracles = json.loads((ROOT / "tests/fixtures/acme-hostone-xen/expected.json").read_text())
    (bounds,) = [oracle["values"][TOTAL] for oracle in oracles if TOTAL in oracle["values"]]
    assert bounds["at_least"] <= int(total) <= bounds["at_most"]
    assert source.startswith("Xen hypercall")
    assert int(given) < 512 * 2**20  # dom0_mem=512M


def test_every_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target
