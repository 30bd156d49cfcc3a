"""A libvirtd for the tests: session mode, scratch folder."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


class Libvirtd:
    """A private daemon: session mode, scratch folder, Unix socket and loopback TCP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "libvirtd.conf").write_text(
            "listen_tls = 0\nlisten_tcp = 1\nlisten_addr = '127.0.0.1'\n"
            f"tcp_port = '{self.port}'\nauth_tcp = 'none'\nunix_sock_dir = '{folder}/run'\n".replace("'", '"')
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.tcp_uri = f"qemu+tcp://127.0.0.1:{self.port}/session"
        (folder / "run").mkdir()
        self.socket = folder / "run" / "libvirt-sock"
        self.unix_uri = f"qemu:///session?socket={self.socket}"

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        (self.folder / "pid").unlink(missing_ok=True)
        as_user = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        home = str(self.folder)
        environment = {**os.environ, "HOME": home, "XDG_RUNTIME_DIR": home}
        environment |= {"XDG_CONFIG_HOME": f"{home}/config", "XDG_CACHE_HOME": f"{home}/cache"}
        command = [*as_user, "libvirtd", "-f", f"{home}/libvirtd.conf", "--listen", "-p", f"{home}/pid"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.1)
        pytest.fail(f"libvirtd did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()


@contextlib.contextmanager
def running_libvirtd() -> Iterator[Libvirtd]:
    """Start a daemon, and kill it in the end; skip the test if libvirtd is not installed."""
    if shutil.which("libvirtd") is None:
        pytest.skip("libvirtd is not installed (libvirt-daemon, libvirt-daemon-driver-qemu)")
    # pytest's folders may be unreadable to the daemon's user, and too deep for a socket's name
    with tempfile.TemporaryDirectory(prefix="libvirtd-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(folder, 65534, -1)
        daemon = Libvirtd(folder)
        if os.geteuid() == 0:
            os.chown(daemon.socket.parent, 65534, -1)
        try:
            daemon.start()
            yield daemon
        finally:
            assert daemon.process is not None
            for number in (signal.SIGCONT, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    daemon.signal(number)
