"""``hostinfo doctor`` as a user runs it."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.conftest import FIXTURES
from tests.support import command


def test_doctor_shows_what_is_available_and_how_to_get_the_rest(tmp_path: Path) -> None:
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "pyudev.py").write_text("raise ImportError('libudev.so.1: cannot open shared object file')")
    environment = command.environment(tmp_path)
    path = f"{tmp_path / 'blocked'}:{environment['PYTHONPATH']}"
    ran = command.hostinfo(tmp_path, "doctor", "--json", PYTHONPATH=path)
    assert ran.returncode == 3
    checks = {check["name"]: check for check in json.loads(ran.stdout)["checks"]}
    assert checks["pyudev"]["state"] == "missing"
    assert "libudev.so.1" in checks["pyudev"]["detail"]
    assert "hostinfo[udev]" in checks["pyudev"]["fix"]
    assert "python3-pyudev" in checks["pyudev"]["fix"]
    assert checks["/proc/cpuinfo"]["state"] == "ok"
    page = command.hostinfo(tmp_path, "doctor", PYTHONPATH=path).stdout
    assert "missing  pyudev" in page


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an ordinary user")
@pytest.mark.parametrize(
    ("mode", "group", "fix"),
    [
        (0o000, "root", "run as root"),
        (0o400, "daemon", "run as root"),
        (0o440, "daemon", "run as root, or join the group daemon"),
    ],
)
def test_doctor_shows_what_an_unprivileged_user_may_not_read(mode: int, group: str, fix: str) -> None:
    from hostinfo.cli.doctor import DENIED, check_file

    with tempfile.TemporaryDirectory() as folder:  # pytest's own is root's alone
        secret = Path(folder) / "secret"
        secret.write_text("x")
        secret.chmod(mode)
        shutil.chown(secret, group=group)
        Path(folder).chmod(0o755)
        os.seteuid(65534)
        try:
            check = check_file(str(secret), "a test", if_denied="run as root")
        finally:
            os.seteuid(0)
    assert (check.state, check.fix) == (DENIED, fix)


@pytest.mark.parametrize(
    ("uri", "state", "detail"),
    [
        (f"recorded:{FIXTURES / 'acme-hostone-xen'}", "ok", None),
        ("sysfs:///nonexistent", "missing", "no such directory"),
        ("xen:///system", "missing", "this machine does not run on Xen"),
        ("qemu+unix:///system?socket=/nonexistent", "missing", "Failed to connect socket"),
    ],
)
def test_doctor_checks_the_host_of_an_explicit_uri(uri: str, state: str, detail: str | None, tmp_path: Path) -> None:
    if uri.startswith("qemu"):
        pytest.importorskip("libvirt")
    ran = command.hostinfo(tmp_path, "-c", uri, "doctor", "--json")
    (check,) = [check for check in json.loads(ran.stdout)["checks"] if check["name"] == uri]
    assert (check["state"], check["used_for"]) == (state, "the host of -c")
    assert (check["detail"] or "").startswith(detail or "")


def test_options_of_the_agents_brokers_alone_are_wrong_usage(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "doctor", "--broker", "amqp://127.0.0.1:1")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "hostinfo doctor agent" in ran.stderr
