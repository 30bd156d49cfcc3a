"""The embedded broker with rhea under Node.js: an AMQP 1.0 implementation that shares no code with proton."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.transport_helpers import AGENT, DIRECT, TOPIC, embedded_agent

pytest.importorskip("proton")
VERSION = "3.0.5"


@pytest.fixture(scope="module")
def modules(request: pytest.FixtureRequest) -> Path:
    """Return the folder of rhea, which is installed once into pytest's cache."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed: the broker is NOT tested with a second implementation")
    assert request.config.cache is not None
    folder = Path(request.config.cache.mkdir(f"rhea-{VERSION}"))
    if not (folder / "node_modules" / "rhea" / "package.json").exists():
        try:
            done = subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--prefix", folder, f"rhea@{VERSION}"],
                env=_with_system_authorities(), capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            pytest.skip("npm did not install rhea within a minute: NOT tested with a second implementation")
        if done.returncode != 0:
            pytest.skip(f"npm could not install rhea: {done.stderr[-300:]}")
    return folder / "node_modules"


def _with_system_authorities() -> dict[str, str]:
    """Return the environment for a Node.js from PyPI, which trusts none of this machine's authorities otherwise."""
    authorities = Path("/etc/ssl/certs/ca-certificates.crt")
    return os.environ | ({"NODE_EXTRA_CA_CERTS": str(authorities)} if authorities.exists() else {})


@pytest.mark.slow
def test_a_reply_reaches_every_form_of_reply_address_that_rhea_can_attach(modules: Path) -> None:
    with embedded_agent() as agent:
        done = subprocess.run(
            ["node", Path(__file__).with_name("rhea_console.js"), agent.url.rsplit(":", 1)[1], TOPIC, DIRECT, AGENT],
            env={**os.environ, "NODE_PATH": str(modules)}, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    body = {"text": "ä", "big": 7, "list": [1, None, True], "map": {"a": 1.5}}
    assert json.loads(done.stdout) == dict.fromkeys(("topic", "direct", "dynamic", "relay"), body)
    assert agent.messages[0].properties == {"method": "request", "qmf.opcode": "_query_request"}
    assert [message.correlation_id for message in agent.messages] == ["topic", "direct", "dynamic", "relay"]
