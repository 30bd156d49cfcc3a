"""Counters, many links and changes in a network namespace."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.network_namespace import NEEDS_NAMESPACE, Namespace, create_namespace

pytestmark = NEEDS_NAMESPACE


def test_counters_are_those_of_ip(namespace: Namespace) -> None:
    namespace.run(
        "python3", "-c", "import socket; s=socket.socket(2,2); [s.sendto(b'x'*100,('127.0.0.1',9)) for _ in range(9)]"
    )
    lo = next(link for link in namespace.ip("-s", "link") if link["ifname"] == "lo")["stats64"]
    ours = next(link for link in namespace.read()["counters"] if link["name"] == "lo")
    assert lo["rx"]["packets"] >= 9
    for ends in ("rx", "tx"):
        for what in ("bytes", "packets", "errors", "dropped"):
            assert ours[f"{ends}_{what}"] == lo[ends][what]


@pytest.mark.slow
def test_links_added_and_removed_during_the_read_do_no_harm(namespace: Namespace) -> None:
    stirring = subprocess.Popen(
        ["ip", "netns", "exec", namespace.name, "sh", "-c",
         "while :; do ip link add zz type veth peer name zy; ip addr add 10.99.0.1/24 dev zz; ip link del zz; done"],
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(20):
            facts = namespace.read()
            names = {link["name"] for link in facts["links"]}
            assert {"lo", "va", "vb", "vc", "br0", "br1"} <= names
            assert {address["link"] for address in facts["addresses"]} <= names
            assert all("changed" in problem for problem in facts["problems"])
    finally:
        os.killpg(stirring.pid, 9)
        stirring.wait()
        subprocess.run(["ip", "-n", namespace.name, "link", "del", "zz"], check=False, capture_output=True)


@pytest.mark.slow
def test_eleven_hundred_links_are_each_reported_once() -> None:
    for space in create_namespace("hib"):
        lines = ["link add br0 type bridge", "link add br1 type bridge"]
        for number in range(550):
            lines += [
                f"link add a{number} type veth peer name b{number}",
                f"link set a{number} master br{number % 2}",
                f"addr add 10.{number // 250}.{number % 250}.1/24 dev b{number}",
            ]
        space.batch(lines)
        facts = space.read()
        oracle = space.ip("addr")
        assert len(oracle) >= 1103
        assert [link["name"] for link in facts["links"]] == [link["ifname"] for link in oracle]
        assert [len(link["ports"]) for link in facts["links"] if link["kind"] == "bridge"] == [275, 275]
        assert [(a["link"], a["address"]) for a in facts["addresses"]] == [
            (link["ifname"], theirs["local"]) for link in oracle for theirs in link["addr_info"]]  # fmt: skip


MONITOR = """
import json, select, subprocess, sys
sys.path[:0] = json.loads(sys.argv[1])
from hostinfo.drivers.sources.netlink.monitor import open_network_monitor
monitor = open_network_monitor()
assert not monitor.receive()
for command in ("link add p0 type veth peer name p1", "link set p0 mtu 1400", "link set lo up",
                "addr add 10.50.0.1/24 dev p0", "addr add 2001:db8:50::1/128 dev lo",
                "addr del 10.50.0.1/24 dev p0", "link del p0"):
    subprocess.run(["ip", *command.split()], check=True)
    assert select.select([monitor], [], [], 10)[0], command
    print(command, *monitor.receive())
    while select.select([monitor], [], [], 0.3)[0]:  # one command may cause several notifications
        monitor.receive()
monitor.close()
"""


def test_a_monitor_reports_added_changed_and_removed_links_and_addresses(other: Namespace) -> None:
    lines = other.run(sys.executable, "-c", MONITOR, json.dumps(sys.path)).splitlines()
    assert len(lines) == 7
    assert all(line.endswith(" network") for line in lines)


OVERRUN = """
import json, subprocess, sys
sys.path[:0] = json.loads(sys.argv[1])
from _socket import SO_RCVBUF, SOL_SOCKET
from hostinfo.drivers.sources.netlink.monitor import open_network_monitor
monitor = open_network_monitor()
monitor._socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 2048)
for number in range(40):
    subprocess.run(["ip", "link", "set", "va", "alias", str(number)], check=True)
assert None in list(monitor._datagrams())
subprocess.run(["ip", "link", "set", "va", "alias", "last"], check=True)
print(*monitor.receive())
"""


def test_a_monitor_that_lost_notifications_reports_a_change_and_continues(namespace: Namespace) -> None:
    assert namespace.run(sys.executable, "-c", OVERRUN, json.dumps(sys.path)).strip() == "network"
