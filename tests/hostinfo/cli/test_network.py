"""``hostinfo network`` in a network namespace, with ``ip`` as the oracle."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hostinfo.output.yaml import to_yaml
from tests.support.command import ROOT
from tests.support.network_namespace import NEEDS_NAMESPACE, Namespace, create_namespace

pytestmark = NEEDS_NAMESPACE

BRIDGE = """
interfaces:
- name: br0
  type: linux-bridge
  state: up
  bridge:
    port: [{name: n0, stp-path-cost: 55, stp-hairpin-mode: true}, {name: n1}]
    options: {mac-ageing-time: 100, stp: {enabled: true, priority: 4096}}
  ipv4: {enabled: true, address: [{ip: 192.0.2.5, prefix-length: 24}, {ip: 192.0.2.6, prefix-length: 24}]}
  ipv6: {enabled: true, address: [{ip: "2001:db8::5", prefix-length: 64}]}
- {name: n2, mtu: 9000, state: up, mac-address: "52:54:00:00:00:09",
   ipv4: {address: [{ip: 10.0.0.1, netmask: 255.0.0.0}]}}
routes:
  config:
  - {destination: 0.0.0.0/0, next-hop-interface: br0, next-hop-address: 192.0.2.1}
  - {destination: "::/0", next-hop-interface: br0, next-hop-address: "2001:db8::1"}
  - {destination: 172.16.0.0/12, next-hop-interface: n2}
"""


class Host(Namespace):
    """A namespace with three NICs, and hostinfo in it."""

    journal: Path

    def hostinfo(self, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command(), *arguments], input=stdin, capture_output=True, text=True, timeout=120, check=False,
            env=self.environment(**environment),
        )  # fmt: skip

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("SSH_CONNECTION", "NO_COLOR")}
        return kept | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"} | more

    def command(self) -> list[str]:
        program = [sys.executable, "-m", "hostinfo", "network", "--state", str(self.journal)]
        return ["ip", "netns", "exec", self.name, *program]

    def oracle(self) -> dict[str, Any]:
        """Return links, addresses and routes as ``ip`` shows them, without counters that change by themselves."""
        links = {
            link["ifname"]: (
                link["mtu"], link["address"], "UP" in link["flags"], link.get("master"),
                link.get("linkinfo", {}).get("info_kind"),
            )
            for link in self.ip("link")
        }  # fmt: skip
        addresses = {
            link["ifname"]: [(one["local"], one["prefixlen"]) for one in link["addr_info"] if one["scope"] == "global"]
            for link in self.ip("addr")
        }
        routes = [
            (route["dst"], route.get("gateway"), route["dev"])
            for family in ("-4", "-6")
            for route in self.ip(family, "route")
            if route.get("protocol") != "kernel"
        ]
        return {"links": links, "addresses": addresses, "routes": sorted(routes, key=str)}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    for namespace in create_namespace("change"):
        found = Host(namespace.name)
        found.journal = tmp_path / "journal"
        outside = f"o{os.getpid()}"
        subprocess.run(["ip", "netns", "add", outside], check=True)
        try:
            for number in range(3):
                found.batch([f"link add n{number} type veth peer name p{number} netns {outside}"])
            found.batch(["link set lo up", "link set n0 up", "addr add 192.0.2.5/24 dev n0",
                         "route add default via 192.0.2.1 dev n0"])  # fmt: skip
            subprocess.run(["ip", "-n", outside, "link", "set", "p0", "up"], check=True)
            yield found
        finally:
            subprocess.run(["ip", "netns", "del", outside], check=True)


def wait_for(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def test_a_state_is_applied_confirmed_and_shown(host: Host) -> None:
    done = host.hostinfo("apply", "-", "--json", stdin=BRIDGE)
    assert done.returncode == 0, done.stderr
    transaction = json.loads(done.stdout)
    assert transaction["remaining_seconds"] > 30
    assert host.hostinfo("confirm", transaction["id"]).stdout == f"{transaction['id']}: committed\n"
    now = host.oracle()
    assert now["links"]["n0"][3] == now["links"]["n1"][3] == "br0"
    assert now["links"]["br0"][1] == now["links"]["n0"][1], "the bridge has the address of its first port"
    assert now["links"]["n2"][:3] == (9000, "52:54:00:00:00:09", True)
    assert now["addresses"]["br0"] == [("192.0.2.5", 24), ("192.0.2.6", 24), ("2001:db8::5", 64)]
    assert now["addresses"]["n0"] == []
    assert now["routes"] == [
        ("172.16.0.0/12", None, "n2"), ("default", "192.0.2.1", "br0"), ("default", "2001:db8::1", "br0"),
    ]  # fmt: skip
    [bridge] = host.ip("link", "show", "br0")
    data = bridge["linkinfo"]["info_data"]
    assert (data["stp_state"], data["priority"], data["ageing_time"]) == (1, 4096, 10000)
    [port] = [link for link in host.ip("link") if link["ifname"] == "n0"]
    assert port["linkinfo"]["info_slave_data"]["cost"] == 55
    assert port["linkinfo"]["info_slave_data"]["hairpin"] is True
    for form in ((), ("--json",)):
        shown = host.hostinfo("show", *form).stdout
        plan = host.hostinfo("plan", "-", stdin=shown)
        assert (plan.returncode, plan.stdout) == (0, "nothing to do: the network is as requested\n")


def test_a_change_that_is_not_confirmed_is_undone_after_the_process_has_ended(host: Host) -> None:
    before = host.oracle()
    done = host.hostinfo("apply", "-", "--confirm-within", "2", stdin=BRIDGE)
    assert done.returncode == 0, done.stderr
    assert "undone in 2 s unless you run `hostinfo network confirm " in done.stdout
    assert host.oracle() != before
    busy = host.hostinfo("vlan", "n2", "5")
    assert busy.returncode == 2
    assert "busy: transaction " in busy.stderr
    wait_for(lambda: host.hostinfo("status").stdout == "no change waits for confirmation\n")
    assert host.oracle() == before
    history = json.loads(host.hostinfo("history", "--json").stdout)
    assert [one["state"] for one in history] == ["rolled-back"]
    assert host.hostinfo("confirm", history[0]["id"]).returncode == 1


def test_a_rollback_undoes_at_once_and_keeps_what_others_changed(host: Host) -> None:
    before = host.oracle()
    host.hostinfo("apply", "-", stdin=BRIDGE)
    host.batch(["link add dummy0 type bridge", "route add 198.51.100.0/24 via 10.0.0.9"])  # made meanwhile by others
    assert host.hostinfo("rollback").returncode == 0
    now = host.oracle()
    assert "dummy0" in now["links"]
    del now["links"]["dummy0"], now["addresses"]["dummy0"]
    assert now == before


def test_a_bridge_takes_over_addresses_and_routes_and_can_be_deleted(host: Host) -> None:
    assert host.hostinfo("bridge", "br0", "n0", "--confirm-within", "0").returncode == 0
    now = host.oracle()
    assert now["addresses"]["br0"] == [("192.0.2.5", 24)]
    assert now["routes"] == [("default", "192.0.2.1", "br0")]
    assert host.hostinfo("delete", "br0", "--confirm-within", "0").returncode == 0
    assert "br0" not in host.oracle()["links"]


def test_addresses_are_added_and_deleted(host: Host) -> None:
    assert (
        host.hostinfo("address", "add", "n0", "10.0.0.1/8", "2001:db8::7/64", "--confirm-within", "0").returncode == 0
    )
    assert host.oracle()["addresses"]["n0"] == [("192.0.2.5", 24), ("10.0.0.1", 8), ("2001:db8::7", 64)]
    refused = host.hostinfo("address", "delete", "n0", "192.0.2.5/24", "--confirm-within", "0")
    assert "the route 0.0.0.0/0 via 192.0.2.1 needs an address in the gateway's network" in refused.stderr
    host.batch(["route del default"])
    assert host.hostinfo("address", "delete", "n0", "192.0.2.5/24", "--confirm-within", "0").returncode == 0
    assert host.oracle()["addresses"]["n0"] == [("10.0.0.1", 8), ("2001:db8::7", 64)]


FOREIGN_ROUTES = [
    "default via 192.0.2.254 dev n0 metric 7 proto static src 192.0.2.5",
    "10.1.0.0/16 via 192.0.2.9 dev n0 proto bird",
    "10.2.0.0/16 via 192.0.2.9 dev n0 mtu 1300",
    "10.3.0.0/16 via 203.0.113.1 dev n0 onlink",
    "10.4.0.0/16 nexthop via 192.0.2.9 dev n0 nexthop via 192.0.2.10 dev n0",
    "10.5.0.0/16 via inet6 fe80::9 dev n0",
    "10.6.0.0/16 dev n0 scope global",
    "2001:db8:1::/48 dev n0 proto bird",
    "10.7.0.0/16 via 192.0.2.9 dev n0 proto dhcp metric 1024",
    "10.8.0.0/16 via 192.0.2.9 dev n0 table 77 proto ospf",
]


@pytest.mark.parametrize("route", FOREIGN_ROUTES)
def test_a_route_that_cannot_be_put_back_is_never_lost(host: Host, route: str) -> None:
    if not host.add(f"route add {route}"):
        pytest.skip("this kernel has no such route")
    before = host.ip("-4", "route", "show", "table", "all")
    new_mac = '{"interfaces": [{"name": "n0", "mac-address": "52:54:00:00:00:77"}]}'  # sets the link down
    done = host.hostinfo("apply", "-", "--confirm-within", "0", stdin=new_mac)
    assert done.returncode == 2, done.stderr
    assert "would be lost, because n0 is set down, and cannot be put back" in done.stderr
    assert host.ip("-4", "route", "show", "table", "all") == before
    harmless = '{"interfaces": [{"name": "n1", "mtu": 1400}]}'
    assert host.hostinfo("apply", "-", "--confirm-within", "0", stdin=harmless).returncode == 0


def test_a_route_of_another_owner_is_not_replaced(host: Host) -> None:
    host.batch(["route add 10.9.0.0/16 via 192.0.2.9 proto bird metric 100"])
    before = host.oracle()
    new = '{"routes": {"config": [{"destination": "10.9.0.0/16", "next-hop-interface": "n0", "metric": %d}]}}'
    refused = host.hostinfo("apply", "-", "--confirm-within", "0", stdin=new % 100)
    assert refused.returncode == 2
    assert "would replace the route 10.9.0.0/16 via 192.0.2.9 dev n0 proto bird metric 100" in refused.stderr
    assert host.oracle() == before
    assert host.hostinfo("apply", "-", "--confirm-within", "0", stdin=new % 50).returncode == 0


def test_a_rollback_deletes_exactly_the_route_that_was_added(host: Host) -> None:
    host.batch(["route add 10.9.0.0/16 via 192.0.2.9 metric 200"])
    before = host.oracle()
    new = {"destination": "10.9.0.0/16", "next-hop-interface": "n0", "next-hop-address": "192.0.2.9"}
    done = host.hostinfo("apply", "-", stdin=json.dumps({"routes": {"config": [new]}}))
    assert done.returncode == 0, done.stderr
    assert len(host.oracle()["routes"]) == len(before["routes"]) + 1
    assert host.hostinfo("rollback").returncode == 0
    assert host.oracle() == before
    gone = {"routes": {"config": [{"state": "absent", "destination": "10.9.0.0/16"}]}}
    assert host.hostinfo("apply", "-", "--confirm-within", "0", stdin=json.dumps(gone)).returncode == 0
    assert [route[0] for route in host.oracle()["routes"]] == ["default"]


def test_a_login_over_the_changed_link_needs_a_confirmation(host: Host) -> None:
    login = {"SSH_CONNECTION": "192.0.2.9 40000 192.0.2.5 22"}
    refused = host.hostinfo("address", "add", "n0", "10.0.0.1/8", "--confirm-within", "0", **login)
    assert (refused.returncode, refused.stderr) == (
        2, "hostinfo: 0 s: this may cut off whoever is connected over n0; give a window\n",
    )  # fmt: skip
    plan = host.hostinfo("plan", "-", stdin="interfaces: [{name: n0, mtu: 1400}]", **login)
    assert plan.returncode == 1
    assert plan.stdout.startswith("Your connection goes over n0: it may be cut.\n")
    assert host.hostinfo("plan", "-", stdin="interfaces: [{name: n2, mtu: 1400}]", **login).stdout[:7] == "Changes"
    forced = host.hostinfo("address", "add", "n0", "10.0.0.1/8", "--confirm-within", "0", "--force", **login)
    assert forced.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (("apply", "-"), "interfaces: [{name: n9, type: ethernet}]", "there is no such NIC"),
        (("apply", "-"), "interfaces: [{nam: n0}]", "unknown key; did you mean name?"),
        (("apply", "-"), "interfaces: [{name: n0, ipv4: {dhcp: true}}]", "the kernel has no DHCP client"),
        (("apply", "-"), "dns-resolver: {config: {server: [192.0.2.1]}}", "name servers need a network service"),
        (("apply", "-", "--confirm-within", "nan"), "interfaces: [{name: n0, mtu: 1400}]", "a confirmation window is"),
        (("apply", "-", "--confirm-within", "1e9"), "interfaces: [{name: n0, mtu: 1400}]", "a confirmation window is"),
        (("apply", "/dev/zero"), "", "longer than"),
        (("apply", "/nowhere"), "", "No such file"),
        (("apply", "-"), "\udcff", "not UTF-8"),
        (("confirm",), "", "none waits"),
        (("rollback", "7-abcd"), "", "no such transaction"),
        (("address", "add", "n0", "10.0.0.1"), "", "no prefix length"),
        (("address", "delete", "n0", "10.0.0.1/8"), "", "it has no address"),
        (("bond", "bond0", "n0", "--mode", "fast"), "", "'fast' is not supported"),
    ],
)
def test_a_request_with_a_mistake_is_refused_and_the_next_one_accepted(
    host: Host, arguments: tuple[str, ...], stdin: str, message: str
) -> None:
    before = host.oracle()
    done = subprocess.run(
        [*host.command(), *arguments], input=stdin.encode("utf-8", "surrogateescape"), capture_output=True, timeout=60,
        check=False, env=host.environment(),
    )  # fmt: skip
    assert done.returncode in (1, 2)
    assert message in done.stderr.decode(), done.stderr
    assert host.oracle() == before
    assert host.hostinfo("address", "add", "n2", "10.9.9.9/8", "--confirm-within", "0").returncode == 0


def test_plan_ends_with_2_where_a_state_cannot_be_read(host: Host, tmp_path: Path) -> None:
    """1 would mean that changes are needed."""
    for path in (tmp_path / "missing", tmp_path):
        done = host.hostinfo("plan", str(path))
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
        assert str(path) in done.stderr


def test_a_step_that_the_kernel_refuses_undoes_those_before_it(host: Host) -> None:
    before = host.oracle()
    request = "interfaces: [{name: n0, mtu: 1400}, {name: bond0, type: bond, link-aggregation: {mode: 802.3ad}}]"
    host.batch(["link property add dev n1 altname bond0"])  # a name that is taken, which the links' names do not show
    done = host.hostinfo("apply", "-", stdin=request)
    assert done.returncode == 1
    assert "create bond bond0, 802.3ad: " in done.stderr
    assert "the network is as before" in done.stderr
    assert host.oracle() == before
    assert host.hostinfo("status").stdout == "no change waits for confirmation\n"


@pytest.mark.parametrize(("typed", "state"), [("k\n", "confirmed"), ("u\n", "rolled-back"), ("", "rolled-back")])
def test_a_terminal_shows_a_countdown_and_asks(host: Host, typed: str, state: str) -> None:
    (path := host.journal.parent / "state.yaml").write_text(BRIDGE)
    controller, terminal = pty.openpty()
    command = [*host.command(), "apply", str(path), "--confirm-within", "5"]
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=host.environment())
    os.close(terminal)
    shown = read_until(controller, b"Apply this? [y/N] ")
    assert b"create bridge br0" in shown
    os.write(controller, b"y\n")
    assert b"Type k to keep it, u to undo it" in read_until(controller, b"keep or undo? [k/u] ")
    os.write(controller, typed.encode())
    read_until(controller, None)
    assert process.wait(timeout=60) == (0 if state == "confirmed" else 1)
    os.close(controller)
    [report] = json.loads(host.hostinfo("history", "--json").stdout)
    assert report["state"] == state


def read_until(descriptor: int, end: bytes | None) -> bytes:
    found = b""
    while end is None or end not in found:
        try:
            data = os.read(descriptor, 4096)
        except OSError:  # EIO: the program has ended
            break
        if not data:
            break
        found += data
    return found


def test_a_state_is_described_by_a_schema(host: Host) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hostinfo", "schema", "--network"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    schema = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    state = json.loads(host.hostinfo("show", "--json").stdout)
    jsonschema.validate(state, schema)
    assert to_yaml(state) == host.hostinfo("show").stdout
    state["interfaces"][0]["mtus"] = 1500
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(state, schema)
