"""A running agent as a service: restarts, policy, reload, systemd."""

import signal
import socket
from pathlib import Path

import pytest

from hostinfo.agent.qmf import AgentAnnouncement, Failure, MethodResult, Query
from tests.support.agent_process import Console, agent, name_of, until

pytest.importorskip("proton", reason="needs python-qpid-proton")


def test_a_restart_changes_the_epoch_and_no_name(tmp_path: Path) -> None:
    seen: list[tuple[AgentAnnouncement, set[str]]] = []
    for _ in range(2):
        with agent(tmp_path, "--state", str(tmp_path)) as running, Console(running.url) as console:
            until(lambda console=console: len(console.get("{class:processor}")) > 0, 20)  # type: ignore[misc]
            seen.append((console.seen, {name_of(one) for one in console.get("{class:processor}")}))
            assert running.end() == 0
    (first, names), (second, names_again) = seen
    assert first.agent == second.agent
    assert second.epoch == first.epoch + 1
    assert names == names_again


def test_calls_are_forbidden_by_default_and_each_has_an_audit_record(tmp_path: Path) -> None:
    with agent(tmp_path, policy=None) as running, Console(running.url) as console:
        answer = console.call("echo", sequence=1, body="a")
        assert isinstance(answer, Failure)
        assert answer.code == 6
        record = running.wait_for("audit: ")
        assert "user='anonymous' call=ovirtNode.echo" in record.string
        assert "sequence=1" in record.string
        assert "result='forbidden'" in record.string
        assert len(console.get("{class:ovirtNode}")) == 1


def test_a_policy_takes_effect_until_sighup_replaces_it(tmp_path: Path) -> None:
    allowed = '[[allow]]\nwho = ["loopback"]\nread = ["ovirtNode"]\ncall = ["ovirtNode.echo"]\n'
    with agent(tmp_path, policy=allowed) as running, Console(running.url) as console:
        assert isinstance(console.call("echo", sequence=1, body="a"), MethodResult)
        assert isinstance(console.call("refresh"), Failure)
        number = "forbidden"
        query = Query.from_text("{class:processor}")
        (answer,) = console.responses(console.requests.query(console.seen.agent, query, number), number)
        assert isinstance(answer, Failure)
        (tmp_path / "policy.toml").write_text(allowed.replace("ovirtNode.echo", "ovirtNode.refresh"))
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("configuration reloaded")
        answer = console.call("echo", sequence=2, body="a")
        assert isinstance(answer, Failure)
        assert answer.code == 6
        (tmp_path / "policy.toml").write_text("[[allow]]\nwho = 5")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(r"not reloaded.*policy.toml: allow 1: who: expected a list of strings")
        assert isinstance(console.call("refresh"), MethodResult)


def test_systemd_gets_notifications_of_the_services_state(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(path)
        end.settimeout(20)
        states = ""
        with agent(tmp_path, NOTIFY_SOCKET=path, WATCHDOG_USEC="400000") as running:
            while "READY=1" not in states or states.count("WATCHDOG=1") < 3:
                states += end.recv(4096).decode() + "\n"
            assert running.end() == 0
        while "STOPPING=1" not in states:
            states += end.recv(4096).decode() + "\n"
