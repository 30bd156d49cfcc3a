"""Changes of links that a real systemd-networkd configures, with ``ip`` and its own files as the oracle."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.support.systemd_container import needs_systemd, run_under_systemd
from tests.support.toy_actions import CHECKOUT

pytestmark = [
    *needs_systemd,
    pytest.mark.skipif(not os.path.exists("/lib/systemd/systemd-networkd"), reason="needs systemd-networkd"),
]

START = f"""
set -u
export PYTHONPATH={CHECKOUT}
change() {{ {sys.executable} -m tests.support.networkd_change "$@"; }}
mount -o remount,ro /sys  # there is no udevd: networkd then takes links as they are
ip netns add far
for n in 0 1; do
    ip link add eth$n address 02:00:00:00:00:0$n type veth peer name far$n netns far
    ip -n far link set far$n up
done
ip -n far addr add 192.0.2.1/24 dev far0
mkdir -p /etc/systemd/network
cat > /etc/systemd/network/20-eth0.network <<FILE
# set by the administrator
[Match]
Name=eth0
[Network]
Address=192.0.2.5/24
Gateway=192.0.2.1
LinkLocalAddressing=no
IPv6AcceptRA=no
LLDP=no
FILE
chmod 600 /etc/systemd/network/20-eth0.network
chown systemd-network /etc/systemd/network/20-eth0.network
printf '[Match]\\nName=eth*\\n[Network]\\nLinkLocalAddressing=no\\n' > /etc/systemd/network/30-wired.network
systemctl start dbus.socket dbus.service systemd-networkd
index() {{ cat /sys/class/net/$1/ifindex; }}
state() {{ sed -n 's/^ADMIN_STATE=//p' /run/systemd/netif/links/$(index $1); }}
wait_for() {{ for _ in $(seq 100); do eval "$1" && return; sleep 0.1; done; echo "not in 10 s: $1"; }}
wait_for '[ "$(state eth0)" = configured ]'
addresses() {{
    ip -br addr show dev $1 | tr -s ' ' | cut -d' ' -f3- | sed 's/ metric [0-9]*//g; s/fe80[^ ]*//; s/ *$//'
}}
routes() {{ ip route show proto static | sort | sed 's/linkdown//' | tr -s ' \\n' ' '; }}
files() {{ cd /; ls -l --time-style=+ etc/systemd/network/* run/systemd/network/* 2> /dev/null
    cat etc/systemd/network/*.* run/systemd/network/*.* 2> /dev/null; cd {CHECKOUT}; }}
whole() {{ files; ip -j -d addr | {sys.executable} -c 'import json, sys
for link in json.load(sys.stdin):
    kept = ("ifname", "master", "address", "mtu", "flags", "addr_info", "inet6_addr_gen_mode")
    print({{key: link.get(key) for key in kept}}, link.get("linkinfo", {{}}).get("info_kind"))'
    ip -d route; ip -6 route; }}
same() {{ whole > /srv/test/now; diff /srv/test/before /srv/test/now && echo same; }}
cd {CHECKOUT}
"""

TWO = """{"interfaces": [{"name": "eth0", "ipv4": {"address": [{"ip": "192.0.2.6", "prefix-length": 24},
    {"ip": "192.0.2.5", "prefix-length": 24}]}, "ipv6": {"enabled": true,
    "address": [{"ip": "2001:db8::5", "prefix-length": 64}, {"ip": "2001:db8::6", "prefix-length": 64}]}}]}"""
BRIDGE = """{"interfaces": [{"name": "eth0", "ipv4": {"enabled": false}},
    {"name": "br0", "type": "linux-bridge", "state": "up", "bridge": {"port": [{"name": "eth0"}],
     "options": {"stp": {"enabled": true, "priority": 4096}}}, "ipv4": {"address": [{"ip": "192.0.2.5",
     "prefix-length": 24}]}}], "routes": {"config": [{"destination": "0.0.0.0/0", "next-hop-interface": "br0",
     "next-hop-address": "192.0.2.1"}, {"destination": "10.0.0.0/8", "next-hop-interface": "br0", "metric": 50}]}}"""
DELETE = """{"interfaces": [{"name": "br0", "state": "absent"}, {"name": "eth0", "ipv4": {"address":
    [{"ip": "192.0.2.9", "prefix-length": 24}]}}]}"""
DHCP = """{"interfaces": [{"name": "eth0", "ipv4": {"enabled": true, "dhcp": true, "address": []}}],
    "routes": {"config": [{"state": "absent", "destination": "0.0.0.0/0"}]}}"""
STATIC = (
    '{"interfaces": [{"name": "eth0", "ipv4": {"dhcp": false, "address": [{"ip": "192.0.2.9", "prefix-length": 24}]}}]}'
)


def run(folder: Path, script: str) -> list[str]:
    return run_under_systemd(folder, START + script, CHECKOUT)


def test_addresses_change_and_are_as_before_after_a_rollback(tmp_path: Path) -> None:
    script = f"""
whole > /srv/test/before
change begin '{TWO}'
addresses eth0; routes; echo
stat -c '%U:%G %a' /run/systemd/network/00-hostinfo-eth0.network
ls /etc/systemd/network
change rollback
same
change begin '{TWO}'
change commit
rm -rf /run/systemd/network /run/systemd/netif  # as a boot does
systemctl stop systemd-networkd 2> /dev/null; ip addr flush dev eth0; ip link set eth0 down
systemctl start systemd-networkd
wait_for '[ "$(state eth0)" = configured ]'
addresses eth0; routes; echo
ls /etc/systemd/network
change configured
"""
    lines = run(tmp_path, script)
    after = ["192.0.2.6/24 192.0.2.5/24 2001:db8::6/64 2001:db8::5/64", "default via 192.0.2.1 dev eth0 "]
    assert [set(line.split()) for line in lines[:2]] == [set(line.split()) for line in after]
    assert lines[0].startswith("192.0.2.6/24 192.0.2.5/24 ")
    assert lines[2:8] == [
        "root:systemd-network 640",
        "20-eth0.network",
        "30-wired.network",
        "rolled-back",
        "same",
        "committed",
    ]
    assert set(lines[8].split()) >= {"192.0.2.6/24", "192.0.2.5/24", "2001:db8::5/64", "2001:db8::6/64"}
    assert lines[8].startswith("192.0.2.6/24 192.0.2.5/24 ")
    assert lines[9:12] == ["default via 192.0.2.1 dev eth0 ", "10-hostinfo-eth0.network", "30-wired.network"]
    (eth0,) = (link for link in json.loads(lines[12])["interfaces"] if link["name"] == "eth0")
    assert [one["ip"] for one in eth0["ipv4"]["address"]] == ["192.0.2.6", "192.0.2.5"]


def test_a_bridge_is_made_kept_over_restarts_and_deleted(tmp_path: Path) -> None:
    script = f"""
show() {{ echo "br0: $(addresses br0), $(routes)$(ls /sys/class/net/br0/brif)"; }}
whole > /srv/test/before
change begin '{BRIDGE}'
show
change rollback
wait_for '! [ -e /sys/class/net/br0 ]'
same
change begin '{BRIDGE}'
change commit
systemctl restart systemd-networkd
wait_for '[ "$(state br0)" = configured ]'
show
rm -rf /run/systemd/network /run/systemd/netif
systemctl stop systemd-networkd 2> /dev/null; ip link del br0; ip link set eth0 down; systemctl start systemd-networkd
wait_for '[ "$(state br0)" = configured ]'
show
cat /sys/class/net/br0/address /sys/class/net/br0/bridge/priority /sys/class/net/br0/bridge/stp_state
whole > /srv/test/before
change begin '{DELETE}'
ls /sys/class/net/ | grep br0
addresses eth0
change rollback
show
same
change begin '{DELETE}'
change commit
systemctl restart systemd-networkd
wait_for '[ "$(state eth0)" = configured ]'
ls /sys/class/net/ | grep br0
addresses eth0
ls /etc/systemd/network
"""
    bridge = "br0: 192.0.2.5/24, 10.0.0.0/8 dev br0 scope link metric 50 default via 192.0.2.1 dev br0 eth0"
    assert run(tmp_path, script) == [
        bridge, "rolled-back", "same", "committed", bridge, bridge, "02:00:00:00:00:00", "4096", "1",
        "192.0.2.9/24", "rolled-back", bridge, "same", "committed", "192.0.2.9/24",
        "10-hostinfo-eth0.network", "30-wired.network",
    ]  # fmt: skip


def test_dhcp_on_and_off(tmp_path: Path) -> None:
    script = f"""
ip netns exec far {sys.executable} -m tests.support.dhcp_server far0 192.0.2.77 192.0.2.1 &
whole > /srv/test/before
change begin '{DHCP}'
wait_for 'addresses eth0 | grep -q 192.0.2.77'
addresses eth0
change rollback
wait_for '! addresses eth0 | grep -q 192.0.2.77'
same
change begin '{DHCP}'
change commit
change begin '{STATIC}'
addresses eth0
change commit
kill $!
"""
    assert run(tmp_path, script) == [
        "192.0.2.77/24", "rolled-back", "same", "committed", "192.0.2.9/24", "committed",
    ]  # fmt: skip


@pytest.mark.parametrize("steps", [1, 3, 6])
def test_the_process_that_changes_is_killed(tmp_path: Path, steps: int) -> None:
    script = f"""
whole > /srv/test/before
change begin '{BRIDGE}' 60 {steps} > /dev/null 2>&1
wait_for '! [ -e /sys/class/net/br0 ] && [ "$(addresses eth0)" = 192.0.2.5/24 ] && [ -z "$(ls /run/systemd/network)" ]'
sleep 1
same
"""
    assert run(tmp_path, script)[-1] == "same"


def test_the_boot_restores_files_before_networkd_runs(tmp_path: Path) -> None:
    """Also if the machine was reset while the change was made persistent."""
    script = f"""
files > /srv/test/before
change begin '{BRIDGE}'
pkill -KILL -f actions.network.guard
systemctl stop 'hostinfo-network-guard-*.timer' systemd-networkd.socket systemd-networkd
cp /run/systemd/network/00-hostinfo-br0.netdev /etc/systemd/network/10-hostinfo-br0.netdev
{sys.executable} -c 'from hostinfo.actions.network.networkd import networkd_backend as n; import json
m = n._manifest(); [n.set_file(p, t) for p, t in m["write"].items() if t is None or "br0.network" in p]'
rm /etc/systemd/network/10-hostinfo-br0.netdev
rm -rf /run/systemd/network /run/hostinfo
ip link del br0; ip addr flush dev eth0
sed -i 's/"boot_id": "[^"]*"/"boot_id": "another"/g' /var/lib/hostinfo/network/*/transaction.json
ls /etc/systemd/network
change recover
files > /srv/test/now; cmp /srv/test/before /srv/test/now && echo same
addresses eth0
systemctl start systemd-networkd
wait_for '[ "$(state eth0)" = configured ]'
addresses eth0
"""
    assert run(tmp_path, script) == [
        "10-hostinfo-br0.network", "30-wired.network", "recover rolled-back", "same", "", "192.0.2.5/24",
    ]  # fmt: skip


def test_networkd_hangs(tmp_path: Path) -> None:
    """The links are restored by netlink, and the failure is reported."""
    script = f"""
change begin '{TWO}'
pkill -KILL -f actions.network.guard
service=$(systemctl show -P MainPID systemd-networkd)
kill -STOP $service
change restore
addresses eth0; routes; echo
kill -CONT $service
change rollback
addresses eth0
"""
    lines = run(tmp_path, script)
    assert lines[0].startswith("ActionFailed rollback: systemd-networkd: Reload: ")
    assert lines[1:] == ["192.0.2.5/24", "default via 192.0.2.1 dev eth0 ", "rolled-back", "192.0.2.5/24"]


def test_what_would_be_lost_is_refused(tmp_path: Path) -> None:
    script = f"""
ip route add 203.0.113.0/24 via 192.0.2.1 proto bird
change begin '{TWO}'
ip route del 203.0.113.0/24
printf '[Route]\\nDestination=10.0.0.0/8\\nGateway=192.0.2.1\\nMTUBytes=1400\\n' >> /etc/systemd/network/20-eth0.network
change begin '{TWO}'
change begin '{{"dns-resolver": {{"config": {{"server": ["192.0.2.53"]}}}}}}'
files > /srv/test/now
"""
    lines = "\n".join(run(tmp_path, script))
    assert "would delete the route 203.0.113.0/24 via 192.0.2.1 dev eth0 proto bird" in lines
    assert "20-eth0.network has [Route] MTUBytes=1400, which hostinfo cannot write" in lines
    assert "gives name servers to systemd-resolved only, which does not run" in lines
