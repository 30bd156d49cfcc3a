"""NetworkManager of Debian 12, unpacked for a container: it is never installed or started on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .cache import cache_folder, cached

PACKAGES = (
    "network-manager", "libnm0", "libndp0", "libteamdctl0", "libmm-glib0", "libbluetooth3", "libjansson4", "libpsl5",
    "libcurl3-gnutls", "libgudev-1.0-0", "libnss3", "libnspr4", "libpolkit-gobject-1-0", "libpolkit-agent-1-0",
    "libreadline8", "dnsmasq-base", "libnetfilter-conntrack3", "libnftables1", "libnfnetlink0", "libmnl0",
    "libnftnl11", "libedit2", "libxtables12", "libnewt0.52",
)  # fmt: skip
"""NetworkManager, a DHCP server, and the libraries of both."""


def require_networkmanager() -> Path:
    """Return a folder with the files of NetworkManager, or skip the test."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        pytest.skip("needs apt-get and dpkg, to unpack NetworkManager")
    if not os.path.exists("/lib/systemd/system/dbus.service"):
        pytest.skip("needs dbus")
    try:
        return cached(cache_folder() / "networkmanager" / "bookworm-1", _unpack)
    except RuntimeError as error:  # no network, or another distribution
        pytest.skip(str(error))


def _unpack(folder: Path) -> None:
    folder.mkdir()
    done = subprocess.run(
        ["apt-get", "download", *PACKAGES], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode != 0:
        raise RuntimeError(f"apt-get download failed: {done.stderr[-500:]}")
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, folder], check=True, timeout=60)
        package.unlink()
    for name in ("lib", "bin", "sbin"):  # those of the machine are symlinks, which folders would replace
        if (folder / name).is_dir():
            subprocess.run(["cp", "-a", f"{folder / name}/.", folder / "usr" / name], check=True, timeout=60)
            shutil.rmtree(folder / name)
    shutil.rmtree(folder / "usr/share/doc")
    shutil.rmtree(folder / "usr/share/locale", ignore_errors=True)
