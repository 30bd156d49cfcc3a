"""The distribution's RabbitMQ with its data in a folder, on loopback, set up by the documentation."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from .transport_helpers import DIRECT, TOPIC, free_port

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
CONTROL = Path("/usr/lib/rabbitmq/bin/rabbitmqctl")
START_SECONDS = 180


def is_installed() -> bool:
    return SERVER.exists() and shutil.which("epmd") is not None


class RabbitMq:
    """One broker, which can be started and killed repeatedly; its exchanges and queues are durable."""

    def __init__(self, folder: Path, *, certificate: tuple[str, str] | None = None, ca: str = "") -> None:
        self.folder, self.port, self.tls_port = folder, free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "out.txt"
        self._starts = 0
        lines = [f"listeners.tcp.1 = 127.0.0.1:{self.port}", "log.console = true",
                 f"load_definitions = {folder}/definitions.json"]  # fmt: skip
        if certificate is not None:
            lines += [f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}", f"ssl_options.cacertfile = {ca}",
                      f"ssl_options.certfile = {certificate[0]}", f"ssl_options.keyfile = {certificate[1]}",
                      "ssl_options.verify = verify_peer", "ssl_options.fail_if_no_peer_cert = false"]  # fmt: skip
        (folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (folder / "plugins").write_text("[rabbitmq_amqp1_0].\n")
        (folder / "definitions.json").write_text(json.dumps(definitions()))
        base = {
            "HOME": folder, "RABBITMQ_NODENAME": f"hostinfo-{self.port}@localhost",
            "RABBITMQ_MNESIA_BASE": folder / "mnesia", "RABBITMQ_LOG_BASE": folder / "log",
            "RABBITMQ_CONFIG_FILE": folder / "rabbitmq.conf", "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "plugins",
            "RABBITMQ_PID_FILE": folder / "pid", "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_DIST_PORT": free_port(), "ERL_EPMD_PORT": free_port(), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
        }  # fmt: skip
        self._environment = {**os.environ, **{name: str(value) for name, value in base.items()}}

    @property
    def url(self) -> str:
        return f"amqp://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"amqps://localhost:{self.tls_port}"

    def start(self) -> None:
        self._starts += 1
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [SERVER],
                env=self._environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd=self.folder,
            )
        deadline = time.monotonic() + START_SECONDS
        while self._log.read_bytes().count(b"completed with") < self._starts:
            assert time.monotonic() < deadline, self._log.read_text()[-2_000:]
            assert self._process.poll() is None, self._log.read_text()[-2_000:]
            time.sleep(0.1)

    def wait_for_port(self) -> float:
        """Wait until the port is open, and return the time of the monotonic clock."""
        while True:
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return time.monotonic()
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it with its session, and so with the epmd that the first start left behind."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)
            self._process = None

    def stop(self) -> None:
        self.kill()
        command = ["epmd", "-port", self._environment["ERL_EPMD_PORT"], "-kill"]
        for _ in range(50):  # it refuses until it has noticed the end of its node
            if b"Killed" in subprocess.run(command, capture_output=True, check=False).stdout:
                return
            time.sleep(0.1)

    def pid(self) -> int:
        """Return the process id of the broker itself, below its shell scripts."""
        assert self._process is not None
        waiting = [self._process.pid]
        while waiting:
            pid = waiting.pop()
            if Path(f"/proc/{pid}/comm").read_text().startswith("beam"):
                return pid
            waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        raise AssertionError("no process named beam")

    def control(self, *arguments: str) -> str:
        done = subprocess.run(
            [CONTROL, "--quiet", *arguments], env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def definitions() -> dict[str, object]:
    """Return the definitions in docs/brokers.md: so the documented setup is what is tested."""
    text = (Path(__file__).parents[2] / "docs" / "brokers.md").read_text()
    block = text.split("```json\n", 1)[1].split("```", 1)[0]
    found: dict[str, object] = json.loads(block)
    exchanges = found["exchanges"]
    assert isinstance(exchanges, list)
    assert {row["name"] for row in exchanges} == {TOPIC, DIRECT}
    users = [{"name": name, "password": "secret", "tags": ""} for name in ("guest", "node1")]
    rights = {"vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
    parameters = json.loads(json.dumps(found["parameters"]).replace('"expires": 60000', '"expires": 2000'))
    return {**found, "parameters": parameters, "vhosts": [{"name": "/"}], "users": users,
            "permissions": [{"user": user["name"], **rights} for user in users]}  # fmt: skip
