"""RabbitMQ on loopback with its data in a folder: the distribution's version 3, and version 4 in a root of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from .cache import cache_folder, cached
from .transport_helpers import DIRECT, TOPIC, free_port

START_SECONDS = 180
BINARIES = Path("/usr/lib/rabbitmq/bin")
SUITE, MIRROR = "trixie", "http://deb.debian.org/debian"
"""The Debian release that has RabbitMQ 4, with an Erlang of its own."""


def is_installed() -> bool:
    """Whether the distribution's RabbitMQ 3 is here."""
    return (BINARIES / "rabbitmq-server").exists() and shutil.which("epmd") is not None


def why_no_version_4() -> str:
    """Return what keeps this machine from running RabbitMQ 4; empty if nothing does."""
    if os.geteuid() != 0:
        return "RabbitMQ 4 runs in a root of its own, which needs root"
    return "" if shutil.which("mmdebstrap") else "missing tool: apt-get install mmdebstrap"


def require_version_4() -> Path:
    """Return the root of RabbitMQ 4, or skip the test; with HOSTINFO_REQUIRE_RABBITMQ_4 that is a failure."""
    reason = why_no_version_4()
    if not reason:
        try:
            return version_4_root()
        except RuntimeError as error:  # no network, or a container in which no root can be made
            reason = str(error)
    if os.environ.get("HOSTINFO_REQUIRE_RABBITMQ_4"):
        pytest.fail(f"HOSTINFO_REQUIRE_RABBITMQ_4 is set, but: {reason}")
    pytest.skip(reason)


def version_4_root() -> Path:
    """Return a Debian root with RabbitMQ 4; install it first if the cache lacks it (a minute, 230 MB)."""
    return cached(cache_folder() / "rabbitmq" / f"{SUITE}-1", _install)


def _install(folder: Path) -> None:
    options = ["--variant=essential", "--include=rabbitmq-server", '--aptopt=APT::Install-Recommends "false"']
    done = subprocess.run(
        ["mmdebstrap", "--quiet", *options, SUITE, folder, MIRROR], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"mmdebstrap failed: {done.stderr[-2_000:]}")
    (folder / "srv" / "broker").mkdir()


class RabbitMq:
    """One broker, which can be started and killed repeatedly; its exchanges are durable.

    ``version_4``: the root of ``version_4_root``. ``epmd_port``: that of an epmd that runs already, for a cluster.
    """

    def __init__(
        self,
        folder: Path,
        *,
        certificate: tuple[str, str] | None = None,
        ca: str = "",
        version_4: Path | None = None,
        epmd_port: int | None = None,
        cluster: tuple[str, ...] = (),
        configuration: tuple[str, ...] = (),
        plugins: tuple[str, ...] = (),
    ) -> None:
        self.folder, self.port, self.tls_port = folder, free_port(), free_port()
        self.node = f"hostinfo-{self.port}@localhost"
        self._root = version_4
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "out.txt"
        self._starts = 0
        inside = folder if version_4 is None else Path("/srv/broker")
        lines = [f"listeners.tcp.1 = 127.0.0.1:{self.port}", "log.console = true", *configuration]
        if version_4 is None:
            lines.append(f"load_definitions = {inside}/definitions.json")
            plugins = (*plugins, "rabbitmq_amqp1_0")
            (folder / "definitions.json").write_text(json.dumps(definitions()))
        if cluster:
            lines.append("cluster_formation.peer_discovery_backend = classic_config")
            lines += [f"cluster_formation.classic_config.nodes.{n} = {node}" for n, node in enumerate(cluster, 1)]
        if certificate is not None:
            lines += [f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}", f"ssl_options.cacertfile = {ca}",
                      f"ssl_options.certfile = {certificate[0]}", f"ssl_options.keyfile = {certificate[1]}",
                      "ssl_options.verify = verify_peer", "ssl_options.fail_if_no_peer_cert = false"]  # fmt: skip
        (folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (folder / "plugins").write_text(f"[{','.join(plugins)}].\n")
        cookie = folder / ".erlang.cookie"
        cookie.write_text("hostinfo")
        cookie.chmod(0o400)
        base = {
            "HOME": inside, "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_MNESIA_BASE": inside / "mnesia", "RABBITMQ_LOG_BASE": inside / "log",
            "RABBITMQ_CONFIG_FILE": inside / "rabbitmq.conf", "RABBITMQ_ENABLED_PLUGINS_FILE": inside / "plugins",
            "RABBITMQ_PID_FILE": inside / "pid", "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_DIST_PORT": free_port(), "ERL_EPMD_PORT": epmd_port or free_port(),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
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
        """Start the broker, and wait until it has booted."""
        self.begin_start()
        self.wait_until_started()

    def begin_start(self) -> None:
        self._starts += 1
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(str(BINARIES / "rabbitmq-server")),
                env=self._environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd=self.folder,
            )

    def wait_until_started(self) -> None:
        assert self._process is not None
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
            with suppress(ProcessLookupError):  # it has ended itself, with all its processes
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)
            self._process = None

    def stop(self) -> None:
        self.kill()
        command = self._command("epmd", "-port", self._environment["ERL_EPMD_PORT"], "-kill")
        for _ in range(50):  # it refuses until it has noticed the end of its node
            if b"Killed" in subprocess.run(command, capture_output=True, check=False).stdout:
                return
            time.sleep(0.1)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

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
        command = self._command(str(BINARIES / "rabbitmqctl"), "--quiet", *arguments)
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def queues(self) -> list[str]:
        """Return the names of all queues."""
        return self.control("list_queues", "name", "--no-table-headers").split()

    def _command(self, *words: str) -> list[str]:
        """Return the command as it is executed in the broker's root, which sees the broker's folder."""
        if self._root is None:
            return list(words)
        script = (
            'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && mount --bind "$1" "$0/srv/broker" && '
            'shift && exec chroot "$@"'
        )
        unshare = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
        return [*unshare, str(self._root), str(self.folder), str(self._root), *words]


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


def of_version(version: int, folder: Path) -> RabbitMq:
    """Return a broker of version 3 or 4, or skip the test."""
    if version == 3 and not is_installed():
        pytest.skip("rabbitmq-server is not installed")
    return RabbitMq(folder, version_4=require_version_4() if version == 4 else None)


if __name__ == "__main__":
    print(why_no_version_4() or version_4_root())
