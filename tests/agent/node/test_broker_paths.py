"""``hostinfo doctor agent``: the way to each broker, compared with what the broker itself lists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import ROOT
from tests.support.rabbitmq import RabbitMq
from tests.support.transport_helpers import free_port

pytest.importorskip("proton")
pytestmark = pytest.mark.slow


def doctor(*options: str) -> tuple[int, list[dict[str, Any]]]:
    command = [sys.executable, "-m", "hostinfo", "doctor", "agent", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=100)
    assert done.stdout, done.stderr
    checks: list[dict[str, Any]] = json.loads(done.stdout)["checks"]
    return done.returncode, checks


def test_the_way_to_a_broker_is_shown_with_queue_login_and_delay(broker_of_each_version: RabbitMq) -> None:
    status, (check,) = doctor("--broker", broker_of_each_version.url)
    assert (status, check["state"], check["name"]) == (0, "ok", broker_of_each_version.url)
    assert "login anonymous (ANONYMOUS)" in check["detail"]
    for exchange in ("qmf.default.direct", "qmf.default.topic"):
        (milliseconds,) = re.findall(rf"{exchange} ([0-9.]+) ms", check["detail"])
        assert 0 < float(milliseconds) < 20_000
    assert ("queue qmf.default.hostinfo-" in check["detail"]) == ("rabbitmq-4" in check["detail"])


def test_each_broker_is_tried_and_the_reason_of_one_without_connection_shown(
    broker_of_each_version: RabbitMq, tmp_path: Path
) -> None:
    broker_of_each_version.control("set_permissions", "guest", ".*", ".*", "")
    closed = f"amqp://127.0.0.1:{free_port()}"
    configuration = tmp_path / "agent.toml"
    configuration.write_text(f'[broker]\nurls = ["{broker_of_each_version.url}", "{closed}"]\n')
    status, (refused, unreachable) = doctor("--config", str(configuration))
    assert status == 3
    assert (refused["state"], unreachable["state"]) == ("missing", "missing")
    assert re.search("access to .* refused|may its user", refused["detail"])
    assert unreachable["name"] == closed
    assert "refused" in unreachable["detail"]
