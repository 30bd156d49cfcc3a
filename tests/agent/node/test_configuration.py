"""The configuration: errors that name the file and the setting, and the packaged files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("proton", reason="needs python-qpid-proton")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("statistics_seconds = 0", "statistics_seconds: must be 1 to 3600, not 0"),
        ("heartbeat_second = 5", "heartbeat_second: no such setting; did you mean heartbeat_seconds?"),
        ("statistics_seconds = 'soon'", "statistics_seconds: expected an integer"),
        ("[broker]\nurl = 'x'", "broker.url: no such setting; did you mean urls?"),
        ("[listen]\n", "the url is missing"),
        ("broker = 3", "expected a table"),
        ("x = [", "invalid TOML"),
        ("policy = '/nonexistent'", "/nonexistent: No such file"),
    ],
)
def test_an_invalid_configuration_is_an_error_with_file_and_setting(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "agent.toml").write_text(text)
    command = [sys.executable, "-m", "hostinfo", "agent", "--config", str(tmp_path / "agent.toml")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 2
    assert reason in run.stderr
    assert "Traceback" not in run.stderr


def test_a_broker_without_tls_is_refused_with_a_one_line_error() -> None:
    command = [sys.executable, "-m", "hostinfo", "agent", "--broker", "amqp://broker.example"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "would not be encrypted" in result.stderr.splitlines()[-1]


def test_the_packaged_configuration_is_valid_also_with_its_examples_uncommented(tmp_path: Path) -> None:
    from hostinfo.agent.node import CommandLine, settings

    packaging = Path(__file__).parents[3] / "packaging"
    (tmp_path / "policy.toml").write_text((packaging / "policy.toml").read_text())
    text = (packaging / "agent.toml").read_text().replace("/etc/hostinfo/policy.toml", str(tmp_path / "policy.toml"))
    (tmp_path / "agent.toml").write_text(text)
    found = settings(CommandLine(config=str(tmp_path / "agent.toml")))
    assert found.listen is not None
    assert found.listen.listen == "amqp://127.0.0.1:5672"
    lines = text.replace('url = "amqp://127.0.0.1:5672"\n', "").splitlines()
    everything = "\n".join(re.sub(r"^#(?=[a-z_\[]+( = |\]))", "", line) for line in lines)
    (tmp_path / "agent.toml").write_text(everything)
    found = settings(CommandLine(config=str(tmp_path / "agent.toml")))
    assert found.broker is not None
    assert found.broker.urls == ("amqps://broker1.example.com", "amqps://broker2.example.com")
