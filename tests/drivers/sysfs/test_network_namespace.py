"""The network group in a namespace made here, held field by field against ``ip`` as the oracle."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: makes a network namespace"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2 as the oracle"),
]

READ = """
import dataclasses, json, sys
sys.path[:0] = json.loads(sys.argv[1])
from hostinfo.drivers.sources.netlink.dump_socket import dump
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sysfs.net.link_counters import read_link_counters
from hostinfo.drivers.sysfs.network import read
from hostinfo.drivers.sources.tree import Tree
sources = Sources(tree=Tree("/"), netlink=dump)
fact = read(sources, None)
answer = dataclasses.asdict(fact.value)
answer["problems"] = [str(problem.error) for problem in fact.problems]
answer["counters"] = [dataclasses.asdict(link) for link in read_link_counters(sources)]
print(json.dumps(answer))
"""


class Namespace:
    """A network namespace of its own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, *command: str) -> str:
        return subprocess.run(
            ["ip", "netns", "exec", self.name, *command], check=True, capture_output=True, text=True, timeout=120
        ).stdout

    def ip(self, *arguments: str) -> Any:
        return json.loads(self.run("ip", "-j", "-d", *arguments) or "[]")

    def add(self, command: str) -> bool:
        """Whether this kernel can do it: it may lack the module."""
        run = subprocess.run(["ip", "-n", self.name, *command.split()], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            print(f"not on this kernel: ip {command}: {run.stderr.strip()}")
        return run.returncode == 0

    def batch(self, lines: list[str]) -> None:
        command = ["ip", "-n", self.name, "-batch", "-"]
        subprocess.run(command, input="\n".join(lines), text=True, check=True, timeout=600, capture_output=True)

    def read(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.run(sys.executable, "-c", READ, json.dumps(sys.path)))
        return answer


def made(name: str) -> Iterator[Namespace]:
    name = f"{name}{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode != 0:
        pytest.skip("this kernel or container lets nobody make a network namespace")
    try:
        yield Namespace(name)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


OPTIONAL = (
    "link add link va name mv0 type macvlan mode private",
    "link add link va name mvt type macvtap mode vepa",
    "link add link vb name ipv type ipvlan mode l3s",
    "link add vx type vxlan id 7 group 239.1.1.1 dev va dstport 4789",
    "link add vx6 type vxlan id 8 remote 2001:db8::9 local 2001:db8::8 dstport 4790",
    "tuntap add tap0 mode tap",
    "tuntap add tun0 mode tun",
    "link add dm0 type dummy",
    "link add dm1 type dummy",
    "link add link va name va.5 type vlan id 5",
    "link add link va name va.6 type vlan id 6 protocol 802.1ad",
    "link add bond0 type bond mode active-backup miimon 100 updelay 200 primary dm0",
    "link set dm0 master bond0",
    "link set dm1 master bond0",
    "link add link bond0 name bond0.7 type vlan id 7",
    "link set br1 type bridge vlan_filtering 1",
    "link set br1 type bridge mcast_snooping 0",
    "link add vrf0 type vrf table 9",
    "nexthop add id 5 dev va",
    "route add 10.9.0.0/16 nhid 5",
)
COMMANDS = (
    "link add va type veth peer name vb",
    "link add vc type veth peer name vd",
    "link add br0 type bridge stp_state 1 forward_delay 900 hello_time 300 max_age 1500 ageing_time 4200 priority 4096",
    "link add br1 type bridge",
    "link set lo up",
    "link set va up mtu 1400 alias some-alias",
    "link set vb up group 7",
    "link set vc master br0",
    "link set br0 up",
    "link property add dev va altname a-name-of-va-that-is-longer-than-fifteen",
    "addr add 10.1.1.1/24 brd + dev va label va:one",
    "addr add 10.1.1.2/24 dev va",
    "addr add 10.2.2.2 peer 10.2.2.3/32 dev va",
    "addr add 10.3.3.3/16 dev va valid_lft 3600 preferred_lft 1800",
    "addr add 10.4.4.4/8 scope link dev br0",
    "addr add 2001:db8:1::1/64 dev va nodad",
    "addr add 2001:db8:1::2/64 dev va nodad valid_lft 3600 preferred_lft 0",
    "addr add 2001:db8:2::2 peer 2001:db8:2::3 dev va nodad",
    "addr add 2001:db8:3::3/48 dev br0 noprefixroute",
    "route add default via 10.1.1.254 metric 5",
    "route add 10.8.0.0/16 nexthop via 10.1.1.20 weight 3 nexthop via 10.1.1.30 dev va",
    "route add 10.7.0.0/16 via inet6 fe80::1 dev va",
    "route add 10.6.0.0/16 via 10.1.1.2 mtu 1300 src 10.1.1.1 metric 50 table 1000 proto bird",
    "route add blackhole 10.5.0.0/16",
    "route add unreachable 10.5.1.0/24 table 77",
    "-6 route add default via fe80::9 dev va",
    "-6 route add 2001:db8:5::/48 from 2001:db8:6::/48 dev va",
    "-6 route add 2001:db8:7::/48 nexthop via fe80::2 dev va nexthop via fe80::3 dev vb",
    "-6 route add prohibit 2001:db8:8::/48",
)


@pytest.fixture(scope="module")
def other() -> Iterator[Namespace]:
    yield from made("hio")


@pytest.fixture(scope="module")
def namespace(other: Namespace) -> Iterator[Namespace]:
    for space in made("hit"):
        for command in COMMANDS:
            assert space.add(command), command
        for command in OPTIONAL:
            space.add(command)
        space.batch([f"link set vd netns {other.name}"])
        yield space


@pytest.fixture(scope="module")
def answer(namespace: Namespace) -> dict[str, Any]:
    return namespace.read()


def lower(oracle: dict[str, Any]) -> str | None:
    """The link below as ``ip`` shows it, whichever way."""
    if oracle.get("linkinfo", {}).get("info_kind") == "veth":
        return None
    link = oracle.get("link") or oracle.get("linkinfo", {}).get("info_data", {}).get("link")
    assert link is None or isinstance(link, str)
    return link


def test_every_link_tells_what_ip_tells(namespace: Namespace, answer: dict[str, Any]) -> None:
    oracle = namespace.ip("link")
    assert answer["problems"] == []
    assert [link["index"] for link in answer["links"]] == sorted(link["ifindex"] for link in oracle)
    links = {link["name"]: link for link in answer["links"]}
    for theirs in oracle:
        ours = links[theirs["ifname"]]
        up = "UP" in theirs["flags"]
        mac = theirs.get("address")
        info = theirs.get("linkinfo", {})
        expected = {
            "index": theirs["ifindex"],
            "kind": info.get("info_kind", "loopback" if theirs["link_type"] == "loopback" else None),
            "mac": None if mac is None or not mac.strip("0:") else mac,
            "permanent_mac": theirs.get("permaddr"),
            "mtu": theirs["mtu"],
            "state": None if theirs["operstate"] == "UNKNOWN" else theirs["operstate"].lower(),
            "is_enabled": up,
            "has_carrier": ("NO-CARRIER" not in theirs["flags"]) if up else None,
            "controller": theirs.get("master"),
            "alias": theirs.get("ifalias"),
            "altnames": theirs.get("altnames", []),
            "group": {"default": 0}.get(theirs["group"], theirs["group"]),
            "tx_queue_length": theirs["txqlen"],
            "is_lower_elsewhere": "link_netnsid" in theirs,
            "peer": theirs.get("link") if info.get("info_kind") == "veth" else None,
        }
        expected["group"] = int(expected["group"])
        assert {key: ours[key] for key in expected} == expected, theirs["ifname"]
        flags = {flag.lower() for flag in theirs["flags"]} - {"no-carrier", "m-down"}
        assert flags <= set(ours["flags"]) <= flags | {"running"}
        ports = {link["ifname"] for link in oracle if link.get("master") == theirs["ifname"]}
        assert set(ours["ports"]) == ports
        assert set(ours["lower"]) == ports | ({lower(theirs)} - {None})


def test_every_kind_tells_its_own_settings_as_ip_does(namespace: Namespace, answer: dict[str, Any]) -> None:
    links = {link["name"]: link for link in answer["links"]}
    seen = set()
    for theirs in namespace.ip("link"):
        info, ours = theirs.get("linkinfo", {}), links[theirs["ifname"]]
        data, kind = info.get("info_data", {}), info.get("info_kind")
        seen.add(kind)
        if kind == "bridge":
            assert ours["bridge"]["forward_delay_seconds"] == data["forward_delay"] / 100
            assert ours["bridge"]["hello_time_seconds"] == data["hello_time"] / 100
            assert ours["bridge"]["max_age_seconds"] == data["max_age"] / 100
            assert ours["bridge"]["ageing_time_seconds"] == data["ageing_time"] / 100
            assert ours["bridge"]["stp"] == bool(data["stp_state"])
            assert ours["bridge"]["priority"] == data["priority"]
            assert ours["bridge"]["vlan_filtering"] == bool(data["vlan_filtering"])
            assert ours["bridge"]["multicast_snooping"] == bool(data["mcast_snooping"])
            assert ours["bridge"]["bridge_id"] == bridge_id(data["bridge_id"])
            assert ours["bridge"]["root_id"] == bridge_id(data["root_id"])
        elif kind in ("macvlan", "macvtap", "ipvlan"):
            assert ours["mode"] == data["mode"]
        elif kind == "tun":
            assert ours["mode"] == data["type"]
        elif kind == "vxlan":
            assert ours["vxlan"] == {
                "id": data["id"],
                "group": data.get("group") or data.get("group6") or data.get("remote") or data.get("remote6"),
                "local": data.get("local") or data.get("local6"),
                "port": data["port"],
            }
        elif kind == "vlan":
            assert ours["vlan"] == {"id": data["id"], "protocol": data["protocol"]}
        elif kind == "bond":
            assert ours["bond"]["mode"] == data["mode"]
            assert ours["bond"]["active_port"] == data.get("active_slave")
            assert ours["bond"]["primary_port"] == data.get("primary")
            assert ours["bond"]["miimon_milliseconds"] == data["miimon"]
            assert ours["bond"]["options"]["updelay"] == data["updelay"]
            assert ours["bond"]["options"]["xmit_hash_policy"] == data["xmit_hash_policy"]
    assert {"bridge", "veth"} <= seen


def bridge_id(text: str) -> str:
    """``ip`` leaves out the zeroes of 8000.0a:00:…; /sys/class/net/br0/bridge/bridge_id has them, without colons."""
    priority, _, mac = text.partition(".")
    return priority + "." + "".join(part.zfill(2) for part in mac.split(":"))


def test_a_veth_pair_over_two_namespaces_is_told_from_one_within(answer: dict[str, Any]) -> None:
    links = {link["name"]: link for link in answer["links"]}
    assert (links["va"]["peer"], links["va"]["is_lower_elsewhere"]) == ("vb", False)
    assert (links["vc"]["peer"], links["vc"]["is_lower_elsewhere"]) == (None, True)


def test_every_address_tells_what_ip_tells(namespace: Namespace, answer: dict[str, Any]) -> None:
    found: list[tuple[object, ...]] = []
    for link in namespace.ip("addr"):
        for theirs in link["addr_info"]:
            family = {"inet": "ipv4", "inet6": "ipv6"}[theirs["family"]]
            label = theirs.get("label")
            found.append((
                link["ifname"], family, theirs["local"], theirs["prefixlen"], theirs.get("broadcast"),
                theirs.get("address"), theirs["scope"], label if label != link["ifname"] else None,
                {word for word in ("secondary", "deprecated", "tentative", "temporary", "dynamic", "noprefixroute",
                                   "nodad", "mngtmpaddr") if theirs.get(word)},
                seconds(theirs["valid_life_time"]), seconds(theirs["preferred_life_time"]),
            ))  # fmt: skip
    ours = [
        (
            a["link"], a["family"], a["address"], a["prefix_length"], a["broadcast"], a["peer"], a["scope"], a["label"],
            set(a["flags"]) - {"permanent"}, minutes(a["valid_lifetime_seconds"]),
            minutes(a["preferred_lifetime_seconds"]),
        )
        for a in answer["addresses"]
    ]  # fmt: skip
    theirs_sorted = sorted(found, key=repr)
    assert len(ours) == len(theirs_sorted) >= 12
    for mine, their in zip(sorted(ours, key=repr), theirs_sorted, strict=True):
        assert mine == their


def seconds(theirs: int) -> int | None:
    """``ip`` says 2**32 - 1 for ever; a minute may pass between the two."""
    return None if theirs == 0xFFFFFFFF else minutes(theirs)


def minutes(number: int | None) -> int | None:
    return None if number is None else (number + 300) // 600 * 600


def test_only_the_broadcast_addresses_that_the_kernel_has_are_told(answer: dict[str, Any]) -> None:
    broadcasts = {a["address"]: a["broadcast"] for a in answer["addresses"] if a["family"] == "ipv4"}
    assert broadcasts["10.1.1.1"] == "10.1.1.255"  # brd +
    assert broadcasts["10.1.1.2"] is None  # none was given


def test_every_route_tells_what_ip_tells(namespace: Namespace, answer: dict[str, Any]) -> None:
    found = []
    for version in ("4", "6"):
        for theirs in namespace.ip(f"-{version}", "route", "show", "table", "all"):
            table = {"main": 254, "local": 255, "default": 253}.get(theirs["table"]) or int(theirs["table"])
            if table == 255:
                continue
            metrics = {key: value for metric in theirs.get("metrics", []) for key, value in metric.items()}
            found.append((
                f"ipv{version}", network(theirs["dst"], version), theirs.get("from"),
                theirs.get("gateway") or theirs.get("via", {}).get("host"), theirs.get("dev"), theirs.get("prefsrc"),
                theirs.get("metric"), table, theirs["type"], theirs["protocol"],
                theirs["scope"] if version == "4" else None, metrics.get("mtu"), theirs.get("nhid"),
                sorted(theirs["flags"]),
                [(hop.get("gateway"), hop.get("dev"), hop["weight"]) for hop in theirs.get("nexthops", [])],
            ))  # fmt: skip
    ours = [
        (
            r["family"], r["destination"], r["source"], r["gateway"], r["link"], r["preferred_source"], r["metric"],
            r["table"], r["type"], r["protocol"], r["scope"], r["mtu"], r["next_hop_id"], sorted(r["flags"]),
            [(hop["gateway"], hop["link"], hop["weight"]) for hop in r["next_hops"]],
        )
        for r in answer["routes"]
    ]  # fmt: skip
    assert len(ours) == len(found) >= 12
    for mine, their in zip(sorted(ours, key=repr), sorted(found, key=repr), strict=True):
        assert mine == their


def network(text: str, version: str) -> str:
    """``ip`` leaves out the length of a host's route."""
    return text if "/" in text or text == "default" else f"{text}/{'32' if version == '4' else '128'}"


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
def test_links_that_come_and_go_during_the_read_spoil_nothing(namespace: Namespace) -> None:
    stirring = subprocess.Popen(
        ["ip", "netns", "exec", namespace.name, "sh", "-c",
         "while :; do ip link add zz type veth peer name zy; ip addr add 10.99.0.1/24 dev zz; ip link del zz; done"],
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(20):
            answer = namespace.read()
            names = {link["name"] for link in answer["links"]}
            assert {"lo", "va", "vb", "vc", "br0", "br1"} <= names
            assert {address["link"] for address in answer["addresses"]} <= names
            assert all("changed" in problem for problem in answer["problems"])
    finally:
        os.killpg(stirring.pid, 9)
        stirring.wait()
        subprocess.run(["ip", "-n", namespace.name, "link", "del", "zz"], check=False, capture_output=True)


@pytest.mark.slow
def test_eleven_hundred_links_are_all_there_once_each() -> None:
    for space in made("hib"):
        lines = ["link add br0 type bridge", "link add br1 type bridge"]
        for number in range(550):
            lines += [
                f"link add a{number} type veth peer name b{number}",
                f"link set a{number} master br{number % 2}",
                f"addr add 10.{number // 250}.{number % 250}.1/24 dev b{number}",
            ]
        space.batch(lines)
        answer = space.read()
        oracle = space.ip("addr")
        assert len(oracle) >= 1103
        assert [link["name"] for link in answer["links"]] == [link["ifname"] for link in oracle]
        assert [len(link["ports"]) for link in answer["links"] if link["kind"] == "bridge"] == [275, 275]
        assert [(a["link"], a["address"]) for a in answer["addresses"]] == [
            (link["ifname"], theirs["local"]) for link in oracle for theirs in link["addr_info"]]  # fmt: skip


MONITOR = """
import json, select, subprocess, sys
sys.path[:0] = json.loads(sys.argv[1])
from hostinfo.drivers.sources.netlink.monitor import open_network_monitor
monitor = open_network_monitor()
assert not monitor.receive()
for command in ("link add p0 type veth peer name p1", "link set p0 mtu 1400", "addr add 10.50.0.1/24 dev p0",
                "addr add 2001:db8:50::1/64 dev p1 nodad", "addr del 10.50.0.1/24 dev p0", "link del p0"):
    subprocess.run(["ip", *command.split()], check=True)
    assert select.select([monitor], [], [], 10)[0], command
    print(command, *monitor.receive())
assert not monitor.receive()
monitor.close()
"""


def test_a_monitor_reports_added_changed_and_removed_links_and_addresses(other: Namespace) -> None:
    lines = other.run(sys.executable, "-c", MONITOR, json.dumps(sys.path)).splitlines()
    assert len(lines) == 6
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
