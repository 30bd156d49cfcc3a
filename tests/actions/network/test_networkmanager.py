"""The NetworkManager back end against a real NetworkManager 1.42 under systemd; oracles: ip and nmcli."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from hostinfo.actions.network.networkmanager import keyfiles
from tests.support.networkmanager import require_networkmanager
from tests.support.systemd_container import needs_systemd, run_under_systemd
from tests.support.toy_actions import CHECKOUT

START = f"""
set -u
export PYTHONPATH={CHECKOUT} LC_ALL=C.UTF-8
cd {CHECKOUT}
change() {{ {sys.executable} -m tests.support.networkmanager_change "$@"; }}
addresses() {{
    echo $1: $(ip -br addr show $1 2>/dev/null | tr -s ' ' '\\n' | grep '[.:].*/' | grep -v ^fe80)
}}
files() {{ ls /etc/NetworkManager/system-connections | xargs; }}
checkpoints() {{
    busctl get-property org.freedesktop.NetworkManager /org/freedesktop/NetworkManager org.freedesktop.NetworkManager \\
        Checkpoints
}}
state() {{  # without counters, lifetimes and the index of links
    for what in addr 'route show table all'; do ip -j -d $what | {sys.executable} -c '
import json, sys
def clean(value):
    if isinstance(value, dict):
        skipped = ("ifindex", "valid_life_time", "preferred_life_time", "stats", "stats64", "metrics", "gc_timer")
        return {{key: clean(one) for key, one in value.items() if key not in skipped}}
    return sorted(map(clean, value), key=str) if isinstance(value, list) else value
print(json.dumps(clean(json.load(sys.stdin)), indent=1, sort_keys=True))'; done | grep -v '"linkinfo"'
}}
ln -sf /dev/null /etc/systemd/system/dbus-org.freedesktop.hostname1.service
ln -sf /dev/null /etc/systemd/system/systemd-hostnamed.service
printf '[main]\\nno-auto-default=*\\n' > /etc/NetworkManager/conf.d/test.conf
umask 077
cat > /etc/NetworkManager/system-connections/lan.nmconnection <<'KEYFILE'
# written by hand
[connection]
id=lan
uuid=11111111-1111-4111-8111-111111111111
type=ethernet
interface-name=eth0
zone=home

[ethernet]

[ipv4]
method=manual
address1=198.51.100.5/24,198.51.100.1
dns=198.51.100.53;
dns-search=example.com;
dhcp-client-id=keep-me

[ipv6]
method=disabled
KEYFILE
umask 022
mkdir -p /run/netns
ip netns add peer
ip -n peer link add switch type bridge
ip -n peer addr add 198.51.100.1/24 dev switch
ip -n peer link set switch up
for number in 0 1; do
    ip link add eth$number type veth peer name wire$number netns peer
    ip link set eth$number address 52:54:00:00:00:0$number
    ip -n peer link set wire$number master switch up
done
mount -o remount,ro /sys  # so NetworkManager does not wait for udev
systemctl daemon-reload
systemctl start dbus.service NetworkManager.service
for _ in $(seq 50); do ip -br addr show eth0 | grep -q 198.51.100.5 && break; sleep 0.1; done
cp /etc/NetworkManager/system-connections/lan.nmconnection /run/lan.before
sleep 1
state > /run/state.before
same() {{
    cmp /run/lan.before /etc/NetworkManager/system-connections/lan.nmconnection && echo same file
    state > /run/state.now; diff /run/state.before /run/state.now && echo same state
    [ "$(files)" = lan.nmconnection ] && echo no other file
    checkpoints
}}
cat > /run/address.yaml <<'DOCUMENT'
interfaces:
  - name: eth0
    ipv4: {{enabled: true, address: [{{ip: 198.51.100.7, prefix-length: 24}}, {{ip: 203.0.113.7, prefix-length: 24}}]}}
    ipv6:
      enabled: true
      address: [{{ip: "2001:db8::7", prefix-length: 64}}, {{ip: "2001:db8::8", prefix-length: 64}}]
DOCUMENT
cat > /run/bridge.yaml <<'DOCUMENT'
interfaces:
  - name: br0
    type: linux-bridge
    state: up
    bridge: {{port: [{{name: eth0}}]}}
    ipv4: {{enabled: true, address: [{{ip: 198.51.100.5, prefix-length: 24}}]}}
  - name: eth0
    ipv4: {{enabled: false}}
routes:
  config:
    - {{destination: 0.0.0.0/0, next-hop-interface: br0, next-hop-address: 198.51.100.1}}
DOCUMENT
printf 'interfaces: [{{name: br0, state: absent}}]\\n' > /run/absent.yaml
printf 'interfaces: [{{name: eth1, ipv4: {{enabled: true, dhcp: true}}}}]' > /run/dhcp.yaml
printf 'interfaces: [{{name: eth1, ipv4: {{enabled: false}}}}]' > /run/static.yaml
"""

ROLLBACK = """
change /run/address.yaml leave 60
addresses eth0
files
change - undo
same
"""

SAME = ["same file", "same state", "no other file", "ao 0"]

pytestmark = needs_systemd


def run(folder: Path, script: str) -> list[str]:
    lines = run_under_systemd(folder, START + script, CHECKOUT, require_networkmanager())
    print("\n".join(lines))
    return lines


def test_an_address_change_is_in_memory_until_it_is_undone(tmp_path: Path) -> None:
    assert run(tmp_path, ROLLBACK) == [
        "waiting",
        "eth0: 198.51.100.7/24 203.0.113.7/24 2001:db8::7/64 2001:db8::8/64",
        "lan.nmconnection",
        "rolled-back",
        *SAME,
    ]


CONFIRM = """
change /run/address.yaml commit 60
grep -E '^(zone|dns-search|dhcp-client-id|dns)=' /etc/NetworkManager/system-connections/lan.nmconnection
checkpoints
stat -c %a /etc/NetworkManager/system-connections/lan.nmconnection
systemctl restart NetworkManager.service
sleep 2
addresses eth0
nmcli -g ipv4.addresses,connection.autoconnect connection show lan
"""


def test_a_confirmed_change_is_in_the_keyfile_with_all_other_settings(tmp_path: Path) -> None:
    assert run(tmp_path, CONFIRM) == [
        "committed",
        "zone=home",
        "dhcp-client-id=keep-me",
        "dns=198.51.100.53;",
        "dns-search=example.com;",
        "ao 0",
        "600",
        "eth0: 198.51.100.7/24 203.0.113.7/24 2001:db8::7/64 2001:db8::8/64",
        "198.51.100.7/24, 203.0.113.7/24",
        "yes",
    ]


BRIDGE = """
sed -i '/^zone=/d; /^dhcp-client-id/d' /etc/NetworkManager/system-connections/lan.nmconnection
nmcli connection reload
nmcli -w 10 connection up lan > /dev/null
sleep 1
cp /etc/NetworkManager/system-connections/lan.nmconnection /run/lan.before
state > /run/state.before
change /run/bridge.yaml leave 60
addresses br0
cat /sys/class/net/br0/address
nmcli -g IP4.DNS device show br0
readlink /sys/class/net/eth0/master | xargs basename
change - undo
same
change /run/bridge.yaml commit 60
ip netns exec peer python3 -c 'import socket; socket.create_connection(("198.51.100.5", 9), 3)' 2>&1 | tail -n 1
systemctl restart NetworkManager.service
sleep 3
addresses br0
files
change /run/absent.yaml commit 60
printf 'dns-resolver: {config: {server: [], search: []}}' >> /run/absent.yaml
change /run/absent.yaml commit 60
ip link show br0 2>&1 | grep -o 'does not exist'
files
"""


LOST_SERVERS = (
    "ActionRefused: network state: dns-resolver.config: no interface has addresses for 198.51.100.53, example.com; "
    "give it addresses, or remove these here"
)


def test_a_bridge_takes_over_the_address_and_is_deleted_again(tmp_path: Path) -> None:
    assert run(tmp_path, BRIDGE) == [
        "waiting",
        "br0: 198.51.100.5/24",
        "52:54:00:00:00:00",
        "198.51.100.53",
        "br0",
        "rolled-back",
        *SAME,
        "committed",
        "ConnectionRefusedError: [Errno 111] Connection refused",
        "br0: 198.51.100.5/24",
        "hostinfo-br0.nmconnection lan.nmconnection",
        LOST_SERVERS,
        "committed",
        "does not exist",
        "lan.nmconnection",
    ]


DHCP = """
mkdir -p /var/lib/misc
ip netns exec peer dnsmasq --keep-in-foreground --port=0 --interface=switch --bind-interfaces --user=root \\
    --dhcp-range=198.51.100.100,198.51.100.110,300 > /run/dnsmasq.log 2>&1 &
server=$!
change /run/dhcp.yaml commit 60
for _ in $(seq 100); do ip -br addr show eth1 | grep -q 198.51.100.1 && break; sleep 0.1; done
ip -br addr show eth1 | grep -o '198.51.100.1[01].*/24'
nmcli -g ipv4.method connection show hostinfo-eth1
change /run/static.yaml commit 60
addresses eth1
kill $server
"""


def test_dhcp_is_enabled_and_disabled(tmp_path: Path) -> None:
    lines = run(tmp_path, DHCP)
    assert lines[0] == "committed"
    assert lines[1].startswith("198.51.100.1")
    assert lines[2:] == ["auto", "committed", "eth1:"]


KILLED = """
for step in 1 2 3; do
    change /run/address.yaml kill 3 $step
    for _ in $(seq 100); do [ -z "$(pgrep -f actions.network.guard)" ] && break; sleep 0.2; done
    same
done
"""


def test_killed_in_any_step_the_guard_restores_the_profile(tmp_path: Path) -> None:
    lines = [line for line in run(tmp_path, KILLED) if "Killed" not in line]
    assert lines == SAME * 3


NAMES = """
dns() { printf "dns-resolver: {config: {server: [$1], search: []}}" > /run/dns.yaml; }
dns 198.51.100.54
change /run/dns.yaml commit 60
nmcli -g ipv4.dns,ipv6.dns connection show lan
dns 198.51.100.55
change /run/dns.yaml rollback 60
nmcli -g ipv4.dns connection show lan
dns ''
change /run/dns.yaml commit 60
nmcli -g ipv4.dns,ipv6.dns connection show lan
"""


def test_name_servers_are_replaced_and_removed(tmp_path: Path) -> None:
    assert run(tmp_path, NAMES) == [
        "committed", "198.51.100.54", "", "rolled-back", "198.51.100.54", "committed", "", "",
    ]  # fmt: skip


LOST = """
change /run/address.yaml leave 60
rm /run/NetworkManager/hostinfo-pending.json
change - confirm
same
"""


def test_a_change_whose_record_is_lost_is_undone_rather_than_called_confirmed(tmp_path: Path) -> None:
    lines = run(tmp_path, LOST)
    assert lines[0] == "waiting"
    assert lines[1].startswith(
        "ActionRolledBack: network: /run/NetworkManager/hostinfo-pending.json: it is not that of"
    )
    assert lines[2:5] == SAME[:3]  # the checkpoint, whose name was lost as well, ends by itself


READ_ONLY = """
change /run/address.yaml leave 60
rm /etc/NetworkManager/system-connections/lan.nmconnection
mount --bind /etc/NetworkManager/system-connections /etc/NetworkManager/system-connections
mount -o remount,ro,bind /etc/NetworkManager/system-connections
change - undo
addresses eth0
"""


def test_links_come_back_where_the_disk_cannot_be_written(tmp_path: Path) -> None:
    lines = run(tmp_path, READ_ONLY)
    assert lines[0] == "waiting"
    assert lines[1].startswith("ActionFailed: ")
    assert "lan.nmconnection: cannot be written back: Read-only file system" in lines[1]
    assert lines[-1] == "eth0: 198.51.100.5/24"


REFUSE = """
printf 'interfaces: [{name: eth1.5, type: vlan, state: up, vlan: {base-iface: eth1, id: 5}}]' > /run/vlan.yaml
change /run/vlan.yaml plan
same
"""


def test_a_vlan_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    refusal, *state = run(tmp_path, REFUSE)
    assert "interfaces[eth1.5]: this version does not change bonds and VLANs with NetworkManager" in refusal
    assert state == SAME


RECOVER = """
change /run/address.yaml leave 600
systemctl stop NetworkManager.service
pkill -KILL -f actions.network.guard
systemctl stop 'hostinfo-network-guard-*.timer'
cp /run/NetworkManager/system-connections/lan.nmconnection /etc/NetworkManager/system-connections/lan.nmconnection
sed -i 's/"boot_id": "[^"]*"/"boot_id": "another"/g' /var/lib/hostinfo/network/*/transaction.json
change - recover
cmp /run/lan.before /etc/NetworkManager/system-connections/lan.nmconnection && echo same file
ls /run/NetworkManager/system-connections | grep lan
true
"""


def test_at_boot_only_the_keyfiles_are_restored(tmp_path: Path) -> None:
    """Also where persist was half done: the keyfile has been written."""
    assert run(tmp_path, RECOVER) == ["waiting", "['rolled-back']", "same file"]


KEYFILE = """[connection]
id=Main eth0
uuid=27afa607-ee36-43f0-b8c3-9d245cdc4bb3
type=802-3-ethernet

[802-1x]
password=secret=with=equals
password-flags=0

[vpn-secrets]
anything=hidden

[ipv4]
method=manual
"""


def test_a_saved_keyfile_has_no_secret_and_gets_those_of_the_present_file() -> None:
    """The sections are those of the example of nm-settings-keyfile(5)."""
    saved = keyfiles.redact(KEYFILE)
    assert "secret=with" not in saved
    assert "hidden" not in saved
    assert "password-flags=0" in saved
    assert keyfiles.fill(saved, KEYFILE.replace("manual", "auto")) == KEYFILE
    assert json.dumps(saved)
    assert os.path.isabs(keyfiles.ETC)
