"""Scrubbing of the netlink replies of a real kernel."""

import ipaddress
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hostinfo
from hostinfo.recording import record_machine

from .secret_machine import IPV4, IPV6, MAC, TAG, VF_MAC, forms, leaks

NETWORK = f"""
ip link set lo up
mount -t sysfs none /sys
ip link add eth0 address {MAC} type veth peer name far0
ip link add eth1 address {VF_MAC} type veth peer name far1
ip link set far0 up
ip link add br0 address {MAC} type bridge
ip link set eth1 master br0
ip link set eth0 alias "uplink of {TAG}"
ip link property add dev eth0 altname enx{MAC.replace(":", "")}
ip link add vx0 type vxlan id 7 local {IPV4} remote 203.0.113.99 dstport 4789
ip link add mv0 link eth0 address {VF_MAC} type macvlan mode bridge
ip link set eth0 up; ip link set eth1 up; ip link set br0 up
ip addr add {IPV4}/24 brd + dev eth0
ip addr add 203.0.113.78/24 dev eth0
ip addr add {IPV6}/64 dev eth0
ip addr add 10.9.8.7 peer 10.9.8.1 dev br0
ip route add default via 203.0.113.1
ip route add 198.18.5.0/24 via 203.0.113.1 src {IPV4} metric 7
ip route add 198.18.6.0/24 nexthop via 203.0.113.1 weight 2 nexthop via 203.0.113.2
ip -6 route add 2001:db8:aa::/48 via 2001:db8:7:3::1
"""


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="makes a network namespace")
def test_a_network_keeps_its_structure_without_its_addresses(tmp_path: Path) -> None:
    code = "import sys; from hostinfo.recording import record_machine; record_machine(sys.argv[1], raw=True)"
    script = f'set -e\n{NETWORK}\nexec "$@"'
    command = ["unshare", "-n", "-m", "sh", "-c", script, "sh", sys.executable, "-c", code, str(tmp_path / "raw")]
    subprocess.run(command, check=True, capture_output=True)
    record_machine(str(tmp_path / "clean"), f"recorded:{tmp_path}/raw")
    addresses = [
        IPV4,
        "203.0.113.78",
        "203.0.113.1",
        "203.0.113.99",
        IPV6,
        "10.9.8.7",
        "10.9.8.1",
        "198.18.5.0",
        "2001:db8:aa::",
    ]
    searched = {"mac": forms(MAC) + forms(VF_MAC), "text": [TAG.encode()], "ip": [
        form for text in addresses for form in (ipaddress.ip_address(text).packed, text.encode())]}  # fmt: skip
    assert leaks(tmp_path / "raw", searched)
    assert leaks(tmp_path / "clean", searched) == []
    with hostinfo.open(f"recorded:{tmp_path}/raw") as host:
        raw = host.network().value
    with hostinfo.open(f"recorded:{tmp_path}/clean") as host:
        new = host.network().value
    for before, after in zip(raw.links, new.links, strict=True):
        for name in ("name", "index", "kind", "controller", "lower", "ports", "mtu", "state", "flags", "vlan", "mode"):
            assert getattr(after, name) == getattr(before, name), (before.name, name)
        assert (after.mac or "")[:8] == (before.mac or "")[:8]
    links = {link.name: link for link in new.links}
    assert links["eth0"].mac == links["br0"].mac  # one address in two places has one substitute
    assert links["eth0"].altnames == ("enx" + (links["eth0"].mac or "").replace(":", ""),)
    for had, has in zip(raw.addresses, new.addresses, strict=True):
        for name in ("link", "family", "prefix_length", "netmask", "scope", "flags"):
            assert getattr(has, name) == getattr(had, name), (had.address, name)
        assert (had.broadcast is None) == (has.broadcast is None)
    at_eth0 = [ipaddress.ip_interface(f"{a.address}/{a.prefix_length}") for a in new.addresses if a.link == "eth0"]
    first, second = (address for address in at_eth0 if address.version == 4)
    assert first.network == second.network
    assert [a.broadcast for a in new.addresses if a.broadcast] == [str(first.network.broadcast_address)]
    made = ipaddress.ip_address(
        bytes.fromhex(f"{int(at_eth0[2].network.network_address):032x}")[:8] + eui64(links["eth0"].mac)
    )
    assert made in [address.ip for address in at_eth0]
    gateways = {route.destination: route.gateway for route in new.routes if route.gateway and route.family == "ipv4"}
    assert ipaddress.ip_address(gateways["default"] or "") in first.network
    assert [route.preferred_source for route in new.routes if route.metric == 7] == [str(first.ip)]
    connected = [route.destination for route in new.routes if route.link == "eth0" and not route.gateway]
    assert str(first.network) in connected
    for before_route, after_route in zip(raw.routes, new.routes, strict=True):
        for name in ("family", "link", "metric", "table", "type", "protocol", "scope"):
            assert getattr(after_route, name) == getattr(before_route, name)
        assert [hop.weight for hop in after_route.next_hops] == [hop.weight for hop in before_route.next_hops]


def eui64(mac: str | None) -> bytes:
    """The interface identifier that IPv6 makes from a MAC address, RFC 4291 appendix A."""
    raw = bytes.fromhex((mac or "").replace(":", ""))
    return bytes((raw[0] ^ 2,)) + raw[1:3] + b"\xff\xfe" + raw[3:]
