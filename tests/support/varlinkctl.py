"""systemd's varlinkctl(1), version 257, in a Debian root of its own: an independent client of Varlink services."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .cache import cache_folder, cached

SUITE, MIRROR = "trixie", "http://deb.debian.org/debian"
SCRIPT = 'mount --bind "$1" "$0/srv/test" && root="$0" && shift && exec chroot "$root" "$@"'


def require_varlinkctl() -> Path:
    """Return the root with varlinkctl, or skip the test; with HOSTINFO_REQUIRE_VARLINKCTL that is a failure."""
    reason = ""
    if os.geteuid() != 0:
        reason = "varlinkctl 257 runs in a root of its own, which needs root"
    elif shutil.which("mmdebstrap") is None:
        reason = "missing tool: apt-get install mmdebstrap"
    else:
        try:
            return cached(cache_folder() / "varlinkctl" / f"{SUITE}-1", _install)
        except RuntimeError as error:  # no network, or a container in which no root can be made
            reason = str(error)
    if os.environ.get("HOSTINFO_REQUIRE_VARLINKCTL"):
        pytest.fail(f"HOSTINFO_REQUIRE_VARLINKCTL is set, but: {reason}")
    pytest.skip(reason)


def _install(folder: Path) -> None:
    options = ["--variant=essential", "--include=systemd", '--aptopt=APT::Install-Recommends "false"']
    line = ["mmdebstrap", "--quiet", *options, SUITE, str(folder), MIRROR]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"mmdebstrap failed: {done.stderr[-2_000:]}")
    (folder / "srv" / "test").mkdir()


class Varlinkctl:
    """Runs varlinkctl on the socket of a folder."""

    def __init__(self, root: Path, socket: Path) -> None:
        self._root = root
        self._socket = socket

    def run(self, verb: str, *arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run it on the socket, and return how it ended."""
        address = f"unix:/srv/test/{self._socket.name}"
        unshare = ["unshare", "--mount", "--propagation", "private", "sh", "-c", SCRIPT]
        line = [*unshare, str(self._root), str(self._socket.parent), "varlinkctl", *options, verb, address, *arguments]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)

    def call(self, method: str, parameters: Any = None) -> Any:
        """Return the parameters of the reply."""
        done = self.run("call", method, json.dumps(parameters or {}), options=("--json=short",))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def error(self, method: str, parameters: Any = None) -> str:
        """Return what varlinkctl prints for a call that fails."""
        done = self.run("call", method, json.dumps(parameters or {}), options=("--json=short",))
        assert done.returncode != 0, done.stdout
        return done.stderr
