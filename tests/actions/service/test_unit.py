"""The units under a real systemd: activation, idle end, and the guards that outlive the service."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.actions_service import ALLOWED, FORBIDDEN, POLICY
from tests.support.systemd_container import needs_systemd, run_under_systemd
from tests.support.toy_actions import CHECKOUT

UNIT = CHECKOUT / "packaging" / "hostinfo-actions.service"
INSTALL = f"""
set -u
export PYTHONPATH={CHECKOUT}
python={sys.executable}
ulimit -c 0
mkdir -p /run/systemd/system /run/hostinfo /etc/hostinfo
cp {CHECKOUT}/packaging/hostinfo-actions.socket /run/systemd/system/
# The interpreter and the checkout may lie in a home folder or in /tmp; the container has not all devices.
sed -e "s|^ExecStart=.*|ExecStart=$program|" -e '/^PrivateDevices=/d' -e '/^PrivateTmp=/d' \\
    -e 's|^ProtectHome=yes|Environment=PYTHONPATH={CHECKOUT} IDLE_SECONDS=2|' \\
    -e 's|^ReadWritePaths=/proc/sys/net|& /srv/test|' \\
    {CHECKOUT}/packaging/hostinfo-actions.service > /run/systemd/system/hostinfo-actions.service
grep '^d /run' {CHECKOUT}/packaging/hostinfo.tmpfiles > /run/tmpfiles.conf
systemd-tmpfiles --create /run/tmpfiles.conf
systemctl daemon-reload
systemctl start hostinfo-actions.socket
"""
CALL = """
import json, sys
from hostinfo.varlink.client import call
from hostinfo.varlink.errors import VarlinkError
try:
    print(json.dumps(call('/run/hostinfo/actions', sys.argv[1], json.loads(sys.argv[2]), 60)))
except VarlinkError as error:
    print(error)
"""
SCRIPT = f"""
program="{sys.executable} -m tests.support.actions_service /srv/test/toy /srv/test/policy"
{INSTALL}
name=org.ovirt.hostinfo.actions
call() {{ $python /srv/test/call.py "$@" > /srv/test/reply; }}
begin() {{
    state='{{"interfaces": [{{"name": "eth0", "mtu": 9000}}]}}'
    call $name.BeginNetwork "{{\\"state\\": $state, \\"confirm_within_seconds\\": $1}}"
}}
guards() {{ pgrep -fc actions.network.guard; }}
timers() {{ systemctl list-units --all --plain --no-legend --no-pager 'hostinfo-network-guard-*.timer' | wc -l; }}
state() {{
    echo "$1: $(systemctl is-active hostinfo-actions.service), mtu $(cat /srv/test/toy/running/eth0)," \\
        "guards $(guards), timers $(timers)"
}}
wait_for() {{ for _ in $(seq 150); do [ "$(cat /srv/test/toy/running/eth0)" = $1 ] && break; sleep 0.1; done; }}
call org.varlink.service.GetInfo '{{}}'
state activated
sleep 4
state idle
begin 8
sleep 4
state waiting
wait_for 1500
sleep 5
state undone
begin 5
systemctl kill --kill-who=main --signal=KILL hostinfo-actions.service
sleep 1
state killed
wait_for 1500
sleep 1
state undone
begin 5
systemctl stop hostinfo-actions.service 2> /dev/null  # the socket stays
state stopped
wait_for 1500
sleep 1
state undone
begin 5
systemctl kill --kill-who=main --signal=KILL hostinfo-actions.service
pkill -KILL -f actions.network.guard
sleep 1
state all-killed
wait_for 1500
sleep 1
state undone
"""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_the_page_states_the_exposure_that_systemd_computes() -> None:
    line = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if "offline" in done.stderr:
        pytest.skip("this systemd cannot analyze a file")
    found = re.search(r"exposure level .*: ([0-9.]+) (\w+)", done.stdout)
    assert found is not None, done.stderr
    page = (CHECKOUT / "docs" / "securing.md").read_text()
    stated = re.search(r"systemd-analyze security --offline=true` rates the unit's exposure ([0-9.]+)", page)
    assert stated is not None
    # Versions of systemd weigh some settings differently.
    assert abs(float(found[1]) - float(stated[1])) <= 0.2
    assert found[2] == "OK"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    for name in ("hostinfo-actions.service", "hostinfo-actions.socket"):
        text = (CHECKOUT / "packaging" / name).read_text()
        (tmp_path / name).write_text(text.replace("/usr/bin/hostinfo", sys.executable))
    line = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert "hostinfo-actions" not in done.stderr


class TestUnderSystemd:
    pytestmark = needs_systemd

    def test_a_change_is_undone_whatever_ends_the_service(self, tmp_path: Path) -> None:
        for name in ("toy", "toy/running", "toy/running/directory", "toy/control"):
            (tmp_path / name).mkdir()
        (tmp_path / "toy" / "running" / "eth0").write_text("1500")
        (tmp_path / "toy" / "persistent.json").write_text('{"eth0": "1500"}')
        (tmp_path / "policy").write_text(POLICY)
        (tmp_path / "policy").chmod(0o644)
        (tmp_path / "call.py").write_text(CALL)
        lines = run_under_systemd(tmp_path, SCRIPT, CHECKOUT)
        undone = "undone: {}, mtu 1500, guards 0, timers 0"
        assert lines == [
            "activated: active, mtu 1500, guards 0, timers 0",
            "idle: inactive, mtu 1500, guards 0, timers 0",
            "waiting: active, mtu 9000, guards 1, timers 1",
            undone.format("inactive"),
            "killed: failed, mtu 9000, guards 1, timers 1",
            undone.format("failed"),
            "stopped: inactive, mtu 9000, guards 1, timers 1",
            undone.format("inactive"),
            "all-killed: failed, mtu 9000, guards 0, timers 1",
            undone.format("failed"),
        ]

    def test_the_service_may_do_what_it_needs_and_no_more(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        lines = [f'({command}) && echo "{number} yes" || echo "{number} no"' for number, command in enumerate(ATTEMPTS)]
        lines = [
            "exec > /srv/test/results 2> /dev/null",
            f"python={sys.executable}",
            *lines,
            "touch /srv/test/finished",
        ]
        (tmp_path / "attempts").write_text("\n".join(lines))
        results = dict(line.split() for line in run_under_systemd(tmp_path, CONFINED, CHECKOUT))
        found = {command: results[str(number)] == "yes" for number, command in enumerate(ATTEMPTS)}
        assert found == ATTEMPTS

    def test_a_user_changes_links_by_way_of_the_service(self, tmp_path: Path) -> None:
        (tmp_path / "policy").write_text(POLICY)
        lines = run_under_systemd(tmp_path, KERNEL, CHECKOUT)
        assert lines[0].startswith(f"hostinfo: hostinfo-actions: {FORBIDDEN} may not call BeginNetwork; root may allow")
        assert "applied; it is undone in 60 s unless" in lines[1]
        assert "198.51.100.7/24" in lines[2]
        assert "2001:db8::7/64" in lines[2]
        assert lines[3].endswith(": committed")
        assert f"by {ALLOWED} from process" in lines[4]
        assert lines[-1] == "links 0"

    def test_a_user_changes_links_of_networkd_by_way_of_the_service(self, tmp_path: Path) -> None:
        (tmp_path / "policy").write_text(POLICY)
        lines = run_under_systemd(tmp_path, NETWORKD, CHECKOUT)
        assert "applied; it is undone in 60 s unless" in lines[0]
        assert lines[1].split()[2:] == ["192.0.2.5/24", "192.0.2.6/24"]
        assert lines[2].endswith(": committed")
        assert lines[3:] == ["10-hostinfo-eth0.network", "Address=192.0.2.5/24", "Address=192.0.2.6/24"]


ATTEMPTS = {
    "chgrp daemon /srv/test/file": True,  # networkd's files belong to its group
    "echo 1 > /proc/sys/net/ipv6/conf/lo/forwarding": True,
    "ip link add probe0 type bridge": True,
    "touch /var/lib/hostinfo/network/file": True,
    "echo 1 > /proc/sys/vm/drop_caches": False,
    "touch /etc/file": False,
    "touch /usr/file": False,
    "touch /sys/fs/cgroup/file": False,
    "mount -t tmpfs tmpfs /mnt": False,
    "unshare --net true": False,
    "setpriv --reuid=60001 true": False,
    "ls /srv/test/closed": False,  # of another user
    "nsenter --target=1 --net true": False,
    "$python -c 'import socket; socket.socket(socket.AF_INET)'": False,
}
CONFINED = f"""
program="/bin/sh /srv/test/attempts"
{INSTALL}
install -d -m 700 -o 60001 /srv/test/closed
systemctl start hostinfo-actions.service
for _ in $(seq 100); do [ -e /srv/test/finished ] && break; sleep 0.1; done
cat /srv/test/results
"""
HOSTINFO = "$python -m hostinfo network"
USERS = """\
install -m 644 /srv/test/policy /etc/hostinfo/actions.toml
folder=$(readlink -f $python)
for _ in 1 2 3 4 5 6 7 8; do folder=$(dirname "$folder"); chmod o+rx "$folder"; done
chmod o+x /srv /srv/test /root
cd /
as() { uid=$1; shift; setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"; }
"""
KERNEL = f"""
program="{sys.executable} -m hostinfo actions"
{INSTALL}
{USERS}
as {FORBIDDEN} {HOSTINFO} bridge br7 2>&1 | tail -n 1
as {ALLOWED} {HOSTINFO} bridge br7 2>&1 | tail -n 1
as {ALLOWED} {HOSTINFO} confirm > /dev/null
as {ALLOWED} {HOSTINFO} address add br7 198.51.100.7/24 2001:db8::7/64 > /dev/null 2>&1
ip -brief address show br7
as {ALLOWED} {HOSTINFO} confirm
as {ALLOWED} {HOSTINFO} history
as {ALLOWED} {HOSTINFO} delete br7 > /dev/null
as {ALLOWED} {HOSTINFO} confirm > /dev/null
echo "links $(ip link show br7 2> /dev/null | wc -l)"
"""
NETWORKD = f"""
program="{sys.executable} -m hostinfo actions"
mount -o remount,ro /sys  # there is no udevd: networkd then takes links as they are
ip netns add far
ip link add eth0 type veth peer name far0 netns far
ip -n far link set far0 up
mkdir -p /etc/systemd/network
printf '[Match]\\nName=eth0\\n[Network]\\nAddress=192.0.2.5/24\\nLinkLocalAddressing=no\\n' \\
    > /etc/systemd/network/20-eth0.network
systemctl start dbus.socket dbus.service systemd-networkd
for _ in $(seq 100); do ip -br addr show eth0 | grep -q 192.0.2.5 && break; sleep 0.1; done
sleep 1
{INSTALL}
{USERS}
as {ALLOWED} {HOSTINFO} address add eth0 192.0.2.6/24 2>&1 | tail -n 1
ip -brief -4 address show eth0
as {ALLOWED} {HOSTINFO} confirm
ls /etc/systemd/network
grep ^Address= /etc/systemd/network/10-hostinfo-eth0.network
"""
