"""The guard and the journal on hosts with clocks that are set, namespaces and real links."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostinfo.actions.network import append_log
from hostinfo.actions.network.clock import boottime
from hostinfo.actions.network.journal import Journal
from hostinfo.model.report import TransactionState
from tests.support import toy_network as toy
from tests.support.namespaces import ip, needs_namespace, network_namespace
from tests.support.toy_actions import CHECKOUT
from tests.support.toy_transaction import BEFORE, CHANGE, guards, run_python, wait_for

LATENESS = 15.0

NETLINK = """
import os, signal, sys
from hostinfo.actions.network.journal_entry import Entry
from hostinfo.actions.network.document import parse_state
from hostinfo.actions.network.host_operations import host_operations
from hostinfo.actions.network.transaction import NetworkAction

links = [
    {"name": "br7", "type": "linux-bridge", "state": "up", "bridge": {"port": []},
     "ipv4": {"enabled": True, "address": [{"ip": "192.0.2.5", "prefix-length": 24}]}},
    {"name": "br8", "type": "linux-bridge", "state": "up", "bridge": {"port": []}},
]
if sys.argv[2].isdigit():  # killed as soon as this step is recorded, and before it is carried out
    original, left = Entry.record_step, [int(sys.argv[2])]

    def record_step(*arguments):
        original(*arguments)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    Entry.record_step = record_step
if sys.argv[2] == "recover":
    (report,) = NetworkAction(host_operations(), root=sys.argv[1]).recover()
    print(report.state)
    sys.exit()
pending = NetworkAction(host_operations(), root=sys.argv[1]).begin(parse_state({"interfaces": links}, "test"), 2.0)
if sys.argv[2] == "commit":
    print(pending.commit().result)
"""

SHIFTED_CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
#define SHIFT (-86400L)
static int (*original)(clockid_t, struct timespec *);
int clock_gettime(clockid_t id, struct timespec *now) {
    if (!original) original = dlsym(RTLD_NEXT, "clock_gettime");
    int result = original(id, now);
    if (id == CLOCK_REALTIME) now->tv_sec += SHIFT;
    return result;
}
time_t time(time_t *to) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to) *to = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *restrict to, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    to->tv_sec = now.tv_sec;
    to->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return toy.create(tmp_path, eth0=1500)


@pytest.fixture
def namespace() -> Iterator[str]:
    with network_namespace() as name:
        yield name


def test_the_guard_is_detached(folder: Path) -> None:
    pending = toy.open_action(folder).begin(CHANGE, 60)
    (guard,) = guards(folder)
    process = Path(f"/proc/{guard}")
    assert os.readlink(process / "cwd") == "/"
    opened = sorted(os.readlink(path) for path in (process / "fd").iterdir())
    (entry,) = (folder / "journal").glob("*-*")
    assert opened == ["/dev/null"] * 3 + [str(entry / "wake")]
    assert os.getsid(guard) != os.getsid(0)
    stat = (process / "stat").read_text().rpartition(")")[2].split()
    assert int(stat[1]) != os.getpid()  # its parent
    lower = "open('/proc/self/oom_score_adj', 'w', buffering=1).write('-900\\n')"  # without CAP_SYS_RESOURCE: refused
    if subprocess.run([sys.executable, "-c", lower], capture_output=True, check=False).returncode == 0:
        assert (process / "oom_score_adj").read_text() == "-900\n"
    environment = (process / "environ").read_bytes()
    assert b"PYTHONPATH" not in environment
    pending.rollback()
    assert wait_for(lambda: not process.exists(), LATENESS)


def test_the_guard_needs_almost_no_cpu_time(folder: Path) -> None:
    pending = toy.open_action(folder).begin(CHANGE, 60)
    (guard,) = guards(folder)

    def ticks() -> int:
        fields = Path(f"/proc/{guard}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    before = ticks()
    time.sleep(3)
    assert ticks() - before <= 0.05 * os.sysconf("SC_CLK_TCK")  # 3 looks at the journal
    pending.rollback()


def test_the_guard_starts_from_a_checkout_that_is_on_the_path_only(folder: Path) -> None:
    """As of a Debian package: no venv, and the modules of another hostinfo in the current folder are not used."""
    (folder / "hostinfo").mkdir()
    (folder / "hostinfo/__init__.py").write_text("raise RuntimeError('the wrong hostinfo')")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path;"
        "from tests.support import toy_network as toy;"
        "toy.open_action(Path(sys.argv[2])).begin(toy.request(eth0=9000), 1)"
    )
    interpreter = getattr(sys, "_base_executable", sys.executable)
    line = [interpreter, "-S", "-c", code, str(CHECKOUT), str(folder)]
    subprocess.run(line, cwd="/", check=True, env={"PYTHONPATH": str(folder)})
    assert toy.read_files(folder) == {"eth0": "9000"}
    assert wait_for(lambda: toy.read_files(folder) == BEFORE, 1 + LATENESS)


def test_a_guard_that_does_not_start_refuses_the_change(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    action = toy.open_action(folder)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(Exception, match="it did not start, so nothing was changed"):
            action.begin(CHANGE, 60)
    assert toy.read_files(folder) == BEFORE
    assert action.history()[0].state is TransactionState.ROLLED_BACK
    action.begin(CHANGE, 60).rollback()


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_the_wall_clock_decides_nothing(folder: Path, tmp_path: Path) -> None:
    """The process that begins sees yesterday's date, the guard and this process do not."""
    (tmp_path / "shift.c").write_text(SHIFTED_CLOCK)
    library = tmp_path / "shift.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "shift.c", "-ldl"], check=True)
    wrapper = ("env", f"LD_PRELOAD={library}")
    assert float(run_python("import time; print(time.time())", wrapper=wrapper)) < time.time() - 86000
    begin = "import sys, pathlib; from tests.support import toy_network as toy;"
    begin += "toy.open_action(pathlib.Path(sys.argv[1])).begin(toy.request(eth0=9000), 4)"
    started = boottime()
    run_python(begin, str(folder), wrapper=wrapper)
    (pending,) = toy.open_action(folder).pending()
    assert 0 < pending.transaction.remaining_seconds <= 4
    assert pending.report.begun_at < time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 80000))
    assert wait_for(lambda: toy.read_files(folder) == BEFORE, 4 + LATENESS)
    assert boottime() - started >= 4


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: makes a time namespace")
def test_a_machine_that_was_suspended_for_an_hour_rolls_back_when_it_resumes(folder: Path) -> None:
    """A suspension advances CLOCK_BOOTTIME and not CLOCK_MONOTONIC, as this time namespace does."""
    pending = toy.open_action(folder).begin(CHANGE, 3000)
    (guard,) = guards(folder)
    os.kill(guard, signal.SIGKILL)
    wrapper = ("unshare", "--time", "--boottime", "3600", "--fork")
    show = "import sys, pathlib; from tests.support import toy_network as toy;"
    show += "print(toy.open_action(pathlib.Path(sys.argv[1])).pending()[0].transaction.remaining_seconds)"
    assert run_python(show, str(folder), wrapper=wrapper) == "0.0\n"
    watch = "import sys; from hostinfo.actions.network.guard import main; main(*sys.argv[1:])"
    run_python(watch, str(folder / "journal"), pending.transaction.id, wrapper=wrapper)
    assert toy.read_files(folder) == BEFORE


def test_a_record_that_cannot_be_written_does_not_count(tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    append_log.create_log(log, 4096)
    append_log.append(log, {"a": 1})
    os.chmod(log, 0o400)
    assert append_log.read_log(log) == [{"a": 1}]
    os.chmod(log, 0o600)
    assert os.stat(log).st_size == 4096
    for number in range(500):  # beyond the reserved space
        append_log.append(log, {"number": number})
    assert [entry.get("number") for entry in append_log.read_log(log)] == [None, *range(500)]


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: makes a network namespace")
@pytest.mark.parametrize("decide", ["pending()[0].commit", "pending()[0].rollback", "recover"])
def test_another_network_namespace_decides_nothing(folder: Path, decide: str) -> None:
    """It would read, and restore, its own links."""
    pending = toy.open_action(folder).begin(CHANGE, 60)
    code = f"""
import sys, pathlib
from hostinfo.errors import ActionError
from tests.support import toy_network as toy
try:
    toy.open_action(pathlib.Path(sys.argv[1])).{decide}()
except ActionError as error:
    print(error)
"""
    assert "belongs to network namespace net:[" in run_python(code, str(folder), wrapper=("unshare", "--net"))
    assert toy.open_action(folder).pending()[0].report.state is TransactionState.WAITING
    pending.rollback()


class TestRealLinks:
    pytestmark = needs_namespace

    def begin(self, namespace: str, root: Path, how: str) -> str:
        return run_python(NETLINK, str(root), how, wrapper=("ip", "netns", "exec", namespace))

    def links(self, namespace: str) -> dict[str, list[str]]:
        done = subprocess.run(["ip", "-n", namespace, "-j", "addr"], check=True, capture_output=True, text=True)
        found = {
            link["ifname"]: [address["local"] for address in link["addr_info"] if address["family"] == "inet"]
            for link in json.loads(done.stdout)
        }
        return {name: found[name] for name in found if name.startswith("br")}

    def test_the_guard_restores_the_links_of_the_namespace(self, namespace: str, tmp_path: Path) -> None:
        self.begin(namespace, tmp_path / "journal", "leave")
        assert self.links(namespace) == {"br7": ["192.0.2.5"], "br8": []}
        assert wait_for(lambda: self.links(namespace) == {}, 2 + LATENESS)

    @pytest.mark.parametrize("number", range(1, 8))
    def test_killed_in_any_step_the_guard_deletes_what_was_made(
        self, namespace: str, tmp_path: Path, number: int
    ) -> None:
        with pytest.raises(AssertionError):
            self.begin(namespace, tmp_path / "journal", str(number))
        assert wait_for(lambda: not guards(tmp_path), 2 + LATENESS)
        assert self.links(namespace) == {}
        (report,) = Journal(str(tmp_path / "journal")).entries()
        assert report.read().state is TransactionState.ROLLED_BACK
        assert len(report.read().steps) == number

    def test_links_and_routes_of_others_stay(self, namespace: str, tmp_path: Path) -> None:
        """A guest's network that is started in the window."""
        self.begin(namespace, tmp_path / "journal", "leave")
        for command in (
            "link add br9 type bridge",
            "addr add 198.51.100.1/24 dev br9",
            "link set br9 up",
            "route add 203.0.113.0/24 via 198.51.100.2 dev br9 proto static",
        ):
            ip(namespace, command)
        assert wait_for(lambda: not guards(tmp_path), 2 + LATENESS)
        assert self.links(namespace) == {"br9": ["198.51.100.1"]}
        route = subprocess.run(["ip", "-n", namespace, "route"], check=True, capture_output=True, text=True).stdout
        assert "203.0.113.0/24 via 198.51.100.2" in route
        (entry,) = Journal(str(tmp_path / "journal")).entries()
        assert entry.read().state is TransactionState.ROLLED_BACK

    def test_after_a_restart_of_the_machine_nothing_of_it_is_restored(self, namespace: str, tmp_path: Path) -> None:
        """The links of this boot are not those that the snapshot was made of."""
        self.begin(namespace, tmp_path / "journal", "leave")
        for guard in guards(tmp_path):
            os.kill(guard, signal.SIGKILL)
        (path,) = (tmp_path / "journal").glob("*/transaction.json")
        path.write_text(json.dumps(json.loads(path.read_text()) | {"boot_id": "another"}))
        assert self.begin(namespace, tmp_path / "journal", "recover") == "rolled-back\n"
        assert self.links(namespace) == {"br7": ["192.0.2.5"], "br8": []}

    def test_a_commit_keeps_them(self, namespace: str, tmp_path: Path) -> None:
        assert self.begin(namespace, tmp_path / "journal", "commit") == "committed\n"
        time.sleep(2.5)
        assert self.links(namespace) == {"br7": ["192.0.2.5"], "br8": []}

    def test_links_that_were_half_made_by_hand_are_found(self, namespace: str, tmp_path: Path) -> None:
        self.begin(namespace, tmp_path / "journal", "leave")
        ip(namespace, "link del br8")
        ip(namespace, "addr add 192.0.2.6/24 dev br7")
        assert wait_for(lambda: self.links(namespace) == {}, 2 + LATENESS)
