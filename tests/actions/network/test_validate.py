"""What the kernel allows and a network does not survive: refused, with the reason."""

from __future__ import annotations

import pytest

from hostinfo.actions.network.bond_options import normal_options
from hostinfo.actions.network.document import read_state
from hostinfo.actions.network.merge import merge
from hostinfo.actions.network.resolve import resolve
from hostinfo.actions.network.validate import validate
from hostinfo.model.network import Link, Network

# bond0 of nic0 and nic1, a VLAN on it in br0 with a guest's tap; nic2 has an address; nic3 is free.
CURRENT = read_state(
    """
interfaces:
- {name: nic0, type: ethernet, state: up, mac-address: 52:54:00:00:00:00, mtu: 1500}
- {name: nic1, type: ethernet, state: up, mac-address: 52:54:00:00:00:01, mtu: 1500}
- {name: nic2, type: ethernet, state: up, mac-address: 52:54:00:00:00:02, mtu: 1500,
   ipv4: {enabled: true, address: [{ip: 192.0.2.2, prefix-length: 24}]}, ipv6: {enabled: true, address: []}}
- {name: nic3, type: ethernet, state: up, mac-address: 52:54:00:00:00:03, mtu: 1500,
   ipv4: {enabled: false, address: []}, ipv6: {enabled: true, address: []}}
- {name: bond0, type: bond, state: up, mtu: 1500, link-aggregation: {mode: active-backup, port: [nic0, nic1]}}
- {name: bond0.100, type: vlan, state: up, mtu: 1500, vlan: {base-iface: bond0, id: 100, protocol: 802.1q}}
- {name: br0, type: linux-bridge, state: up, bridge: {port: [{name: bond0.100}, {name: vnet0}]},
   ipv4: {enabled: true, address: [{ip: 198.51.100.1, prefix-length: 24}]}}
""",
    "current",
)
NETWORK = Network(
    links=(
        Link(name="lo", kind="loopback"),
        *(
            Link(name=f"nic{n}", kind="physical", is_physical=True, permanent_mac=f"52:54:00:00:00:0{n}",
                 bus_address=f"0000:00:0{n}.0")
            for n in range(4)
        ),
        Link(name="bond0", kind="bond"),
        Link(name="bond0.100", kind="vlan", lower=("bond0",)),
        Link(name="br0", kind="bridge"),
        Link(name="vnet0", kind="tun", controller="br0"),
        Link(name="macvtap0", kind="macvtap", lower=("nic3",)),
    )
)  # fmt: skip


def faults(request: str) -> list[str]:
    asked, problems = resolve(read_state(request, "request"), CURRENT, NETWORK)
    desired = merge(CURRENT, asked, {"vnet0"})
    return [f"{fault.path}: {fault.message}" for fault in (*problems, *validate(CURRENT, asked, desired, NETWORK))]


BRIDGE = "interfaces: [{name: br1, type: linux-bridge, bridge: {port: [%s]}%s}]"
BOND = "interfaces: [{name: bond1, type: bond, link-aggregation: {mode: %s, port: [%s]%s}}]"
VLAN = "interfaces: [{name: v, type: vlan, vlan: {base-iface: %s, id: %s}%s}]"
NIC3 = "interfaces: [{name: nic3, %s}]"


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        (BRIDGE % ("{name: br0}", ""), "br0 is a bridge; a bridge cannot be a port of another"),
        (BRIDGE % ("{name: lo}", ""), "lo is the loopback interface"),
        (BRIDGE % ("{name: nic0}", ""), "nic0 is also a port of b"),
        (BRIDGE % ("{name: nic2}", ""), "its address 192.0.2.2/24 would be lost; give it to br1"),
        (BRIDGE % ("{name: nic3}, {name: nic3}", ""), "nic3 is listed twice"),
        (BRIDGE % ("{name: nic9}", ""), "there is no interface nic9; did you mean nic"),
        (BRIDGE % ("{name: vnet0}", ""), "vnet0 is a port of br0, and hostinfo does not manage it"),
        (BRIDGE % ("{name: br1}", ""), "an interface cannot be a port of itself"),
        (BRIDGE % ("{name: bond0}, {name: bond0.100}", ""), "bond0.100 is also a port of br"),
        ("interfaces: [{name: br0, bridge: {port: [{name: bond0}, {name: bond0.100}]}}]", "would make a loop"),
        (BOND % ("active-backup", "bond0", ""), "bond0 is of type bond; a bond takes NICs"),
        (BOND % ("active-backup", "br0", ""), "br0 is of type linux-bridge; a bond takes NICs"),
        (BOND % ("active-backup", "bond0.100", ""), "bond0.100 is of type vlan; a bond takes NICs"),
        (BOND % ("active-backup", "vnet0", ""), "vnet0 is of kind tun; a bond takes NICs"),
        (BOND % ("bonded", "nic3", ""), "'bonded' is not supported; one of balance-rr, "),
        (BOND % ("active-backup", "nic3", ", options: {lacp_rate: fast}"), "not in mode active-backup; only"),
        (BOND % ("802.3ad", "nic3", ", options: {lacp_rate: quick}"), "'quick' is no value of it; give one of slow, f"),
        (BOND % ("802.3ad", "nic3", ", options: {lacp_rat: 1}"), "no option of a bond; did you mean lacp_rate?"),
        (BOND % ("active-backup", "nic3", ", options: {primary: nic2}"), "nic2 is no port of bond1"),
        (BOND % ("active-backup", "nic3", ", options: {miimon: 1, arp_interval: 1}"), "excludes miimon"),
        (VLAN % ("bond0", 100, ""), "bond0.100 has the number 100 on bond0 already"),
        (VLAN % ("nic3", 4095, ""), "4095 is not between 1 and 4094"),
        (VLAN % ("nic3", 0, ""), "0 is not between 1 and 4094"),
        (VLAN % ("nic0", 5, ""), "nic0 is a port of bond0; use bond0"),
        (VLAN % ("bond0.100", 5, ""), "bond0.100 is of type vlan; use a NIC or bond"),
        (VLAN % ("br0", 5, ""), "br0 is of type linux-bridge; use a NIC or bond"),
        (VLAN % ("nic3", 5, ", mtu: 9000"), "9000 is more than the 1500 of nic3"),
        ("interfaces: [{name: v, type: vlan, vlan: {base-iface: nic3, id: 5}}, {name: nic3, state: down}]",
         "a VLAN cannot be up while nic3 is down"),
        ("interfaces: [{name: a-very-long-name, type: bond}]", "longer than 15 bytes"),
        ("interfaces: [{name: 'a/b', type: bond}]", "no slash"),
        ("interfaces: [{name: bond0, state: absent}]", "bond0.100 is a VLAN on it; remove bond0.100 as well"),
        ("interfaces: [{name: br0, state: absent}]", "vnet0 (of kind tun) uses it"),
        ("interfaces: [{name: nothing, state: absent}]", "nothing to remove"),
        ("interfaces: [{name: vnet0, mtu: 1500}]", "a link of kind tun, which hostinfo does not manage"),
        ("interfaces: [{name: nic0, ipv4: {address: [{ip: 10.0.0.1, prefix-length: 8}]}}]",
         "a port of bond0 has no addresses; give them to bond0"),
        (NIC3 % "type: bond", "the interface is of type ethernet"),
        (NIC3 % "vlan: {id: 5}", "an interface of type ethernet has none"),
        (NIC3 % "mtu: 1000, ipv6: {enabled: true}", "IPv6 needs at least 1280"),
        (NIC3 % "mtu: 10", "10 is not between 68 and 65535"),
        (NIC3 % "mac-address: 01:00:5e:00:00:01", "a group address or zero"),
        (NIC3 % "ipv4: {enabled: false, dhcp: true}", "false, but addresses are given or requested"),
        (NIC3 % "ipv4: {address: [{ip: 10.0.0.1/8}, {ip: 10.0.0.1/8}]}", "10.0.0.1 is listed twice"),
        (NIC3 % "ipv4: {address: [{ip: 224.0.0.1/8}]}", "224.0.0.1 cannot be the address of an interface"),
        ("interfaces: [{name: x, identifier: mac-address, mac-address: 52:54:00:00:00:99}]",
         "no interface has the mac-address 52:54:00:00:00:99"),
        ("interfaces: [{name: nic3}, {name: nic3}]", "listed twice"),
        ("routes: {config: [{destination: 10.0.0.0/8, next-hop-interface: nic2, next-hop-address: 10.0.0.1}]}",
         "10.0.0.1 is not in a network of nic2"),
        ("routes: {config: [{destination: 10.0.0.0/8, next-hop-interface: nic3}]}", "nic3 has no IPv4"),
        ("routes: {config: [{destination: 10.0.0.0/8, next-hop-interface: nic0}]}", "nic0 is a port of bond0"),
        ("routes: {config: [{destination: 10.0.0.0/8, next-hop-interface: vnet0}]}", "not managed by hostinfo"),
        ("routes: {config: [{destination: '::/0', next-hop-interface: nic2, next-hop-address: 192.0.2.1}]}",
         "no IPv6 address, as the destination is"),
    ],
)  # fmt: skip
def test_a_request_that_harms_is_refused_with_the_reason(request_text: str, expected: str) -> None:
    found = faults(request_text)
    assert any(expected in fault for fault in found), found


def test_all_faults_are_reported_at_once() -> None:
    found = faults(
        "interfaces: [{name: br1, type: linux-bridge, bridge: {port: [{name: br0}, {name: nic9}]}},"
        "{name: v, type: vlan, vlan: {base-iface: nic3, id: 5000}, mtu: 9000}]"
    )
    assert len(found) == 5


@pytest.mark.parametrize(
    "request_text",
    [
        "interfaces: [{name: bond0, mtu: 9000}, {name: bond0.100, mtu: 9000}]",
        "interfaces: [{name: br0, bridge: {port: [{name: bond0.100}]}}]",
        BRIDGE % ("{name: nic2}", ", ipv4: {address: [{ip: 192.0.2.2, prefix-length: 24}]}"),
        BRIDGE % ("{name: nic2}", "}, {name: nic2, ipv4: {enabled: false}"),
        BRIDGE % ("{name: nic0}", "}, {name: bond0, link-aggregation: {port: [nic1]}"),
        "interfaces: [{name: any, identifier: pci-address, pci-address: '0000:00:03.0', mtu: 9000}]",
        "interfaces: [{name: bond0, state: absent}, {name: bond0.100, state: absent}]",
        "routes: {config: [{destination: 0.0.0.0/0, next-hop-interface: nic2, next-hop-address: 192.0.2.1}]}",
    ],
)
def test_a_request_that_is_right_is_accepted(request_text: str) -> None:
    assert faults(request_text) == []


def test_a_port_may_be_listed_as_it_is() -> None:
    port = "{name: p0, type: ethernet, state: up, ipv6: {enabled: true, dhcp: false, autoconf: true, address: []}}"
    bond = "{name: b0, type: bond, state: up, link-aggregation: {mode: balance-rr, port: [p0]}}"
    state = read_state(f"interfaces: [{port}, {bond}]", "state")
    network = Network(links=(Link(name="p0", kind="physical"), Link(name="b0", kind="bond")))
    assert validate(state, state, merge(state, state), network) == []


@pytest.mark.parametrize("mode", ["802.3ad", "balance-tlb", "balance-alb"])
@pytest.mark.parametrize("option", ["arp_interval", "arp_ip_target", "arp_missed_max", "arp_validate"])
def test_options_that_the_kernel_reports_and_refuses_in_a_mode_are_left_out(mode: str, option: str) -> None:
    """BOND_OPT_ARP_… in drivers/net/bonding/bond_options.c: unsuppmodes. Creating a bond with them fails: EACCES."""
    values: dict[str, str | int | bool] = {"arp_interval": 0, "arp_ip_target": "192.0.2.1", "arp_missed_max": 2}
    values |= {"arp_validate": "none", "miimon": 0}
    assert option not in normal_options(mode, values)
    assert option in normal_options("active-backup", values)
    assert normal_options(mode, values)["miimon"] == 0


def test_ports_of_guests_stay_in_their_bridge() -> None:
    asked = read_state("interfaces: [{name: br0, bridge: {port: [{name: nic3}]}}]", "request")
    bridge = next(link.bridge for link in merge(CURRENT, asked, {"vnet0"}).interfaces if link.name == "br0")
    assert bridge is not None
    assert [port.name for port in bridge.ports or ()] == ["nic3", "vnet0"]


def test_a_bond_that_changes_its_mode_drops_options_of_the_old_one() -> None:
    asked = read_state("interfaces: [{name: bond0, link-aggregation: {mode: 802.3ad}}]", "request")
    with_primary = read_state(
        "interfaces: [{name: bond0, type: bond, link-aggregation: "
        "{mode: active-backup, port: [nic0], options: {primary: nic0, miimon: 100}}}, {name: nic0, type: ethernet}]",
        "current",
    )
    bond = next(link.link_aggregation for link in merge(with_primary, asked).interfaces if link.name == "bond0")
    assert bond is not None
    assert (bond.mode, bond.ports, bond.options) == ("802.3ad", ("nic0",), {})


def test_nics_are_found_by_permanent_address_and_bus_address() -> None:
    asked = read_state(
        "interfaces: [{name: a, identifier: mac-address, mac-address: 52-54-00-00-00-03, mtu: 9000},"
        "{name: b, identifier: pci-address, pci-address: '0000:00:02.0', mtu: 9000},"
        "{name: bond9, type: bond, link-aggregation: {mode: balance-rr, port: [a, b]}}]",
        "request",
    )
    found, problems = resolve(asked, CURRENT, NETWORK)
    assert problems == []
    assert [link.name for link in found.interfaces] == ["nic3", "nic2", "bond9"]
    bond = found.interfaces[2].link_aggregation
    assert bond is not None
    assert bond.ports == ("nic3", "nic2")
