"""A real systemd as PID 1 of its own namespaces, over the files of this machine; it changes none of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

SYSTEMD = "/lib/systemd/systemd"
needs_systemd = [
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: makes namespaces"),
    pytest.mark.skipif(not os.path.exists(SYSTEMD) or shutil.which("systemd-run") is None, reason="needs systemd"),
]

START = r"""
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
[ -z "$5" ] || cp -a "$5/." "$1/upper/"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for device in null zero full random urandom; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir -p srv/test dev/shm run/lock etc/systemd/system
mount --bind "$2" srv/test
mkdir -p ".$3"
mount --bind "$3" ".$3" # it may be on another file system
# The second one deletes what is in /tmp.
for other in tmp.mount systemd-tmpfiles-setup.service dev-hugepages.mount systemd-udevd.service; do
    ln -sf /dev/null "etc/systemd/system/$other"
done
printf '[Unit]\nRequires=only.service\n' > etc/systemd/system/only.target
cat > etc/systemd/system/only.service <<UNIT
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
TimeoutStartSec=100
WorkingDirectory=$3
ExecStartPre=/bin/touch /srv/test/started
ExecStart=/bin/sh /srv/test/script
ExecStopPost=/bin/touch /srv/test/done
StandardOutput=file:/srv/test/output
StandardError=file:/srv/test/output
UNIT
exec chroot . /usr/bin/env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    "$4" --system --unit=only.target --log-target=console --show-status=no
"""


def run_under_systemd(folder: Path, script: str, checkout: Path, packages: Path | None = None) -> list[str]:
    """Run a shell script as a service, with ``folder`` as /srv/test, and return the lines of its output.

    ``packages`` is a folder of files that are laid over those of this machine: unpacked packages. Skips the test where
    the namespaces, their mounts or systemd are not permitted.
    """
    (folder / "script").write_text(script)
    (folder / "output").touch()
    (folder / "mount").mkdir()
    flags = ("--pid", "--fork", "--mount", "--net", "--cgroup", "--ipc", "--uts", "--kill-child")
    places = (folder / "mount", folder, checkout, SYSTEMD, packages or "")
    line = ["unshare", *flags, "sh", "-c", START, "sh", *map(str, places)]
    with own_cgroup() as cgroup, (folder / "console").open("wb") as console:
        line = ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(cgroup), *line]
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        try:
            wait_for_file(folder / "done", process)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    if not (folder / "started").exists():
        pytest.skip(f"no systemd in a namespace here: {(folder / 'console').read_text(errors='replace')[-300:]}")
    return (folder / "output").read_text().splitlines()


@contextmanager
def own_cgroup() -> Iterator[Path]:
    """Make a cgroup: two systemd in one would take each other's services, which have the same names, for their own."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    root = next((fields[4] for fields in mounts if fields[fields.index("-") + 1] == "cgroup2"), None)
    if root is None:
        pytest.skip("no cgroup2 is mounted")
    own = next(line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    try:
        folder = Path(mkdtemp(prefix="hostinfo-test-", dir=f"{root}{own}"))
    except OSError as error:
        pytest.skip(f"no cgroup can be made: {error}")
    try:
        yield folder
    finally:
        remove_cgroup(folder)


def remove_cgroup(folder: Path) -> None:
    deadline = time.monotonic() + 10
    while folder.exists():
        for place, _, _ in os.walk(folder, topdown=False):
            try:
                os.rmdir(place)
            except OSError:  # its last process is ending
                if time.monotonic() > deadline:
                    raise
        time.sleep(0.02)


def wait_for_file(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
