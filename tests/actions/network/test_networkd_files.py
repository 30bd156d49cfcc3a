"""Files of systemd-networkd, read and written; examples are those of systemd.network(5) and systemd.netdev(5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostinfo.actions.network.bond_options import normal_options
from hostinfo.actions.network.merge import merge
from hostinfo.actions.network.networkd.bond_keys import bond_settings, read_option, unsupported_options
from hostinfo.actions.network.networkd.configuration import Configuration
from hostinfo.actions.network.networkd.file_plan import FilePlan, plan_files
from hostinfo.actions.network.networkd.file_store import read_file, restore_file, write_file
from hostinfo.actions.network.networkd.netdev_file import read_netdev_file
from hostinfo.actions.network.networkd.network_file import read_network_file
from hostinfo.actions.network.networkd.state import add_configuration, configured_state
from hostinfo.actions.network.networkd.unit_text import parse_milliseconds, parse_unit
from hostinfo.errors import ActionFailed
from hostinfo.model.network import Link, Network
from hostinfo.model.network_state import (
    BridgeConfiguration,
    BridgePort,
    Interface,
    IpAddress,
    IpConfiguration,
    NetworkState,
    RouteEntry,
)
from tests.support.trees import write_tree

STATIC = "[Match]\nName=enp2s0\n\n[Network]\nAddress=192.168.0.15/24\nGateway=192.168.0.1\n"
BRIDGE_MEMBER = "[Match]\nName=enp2s0\n\n[Network]\nBridge=bridge0\n"
BOND = """[NetDev]
Name=bond1
Kind=bond

[Bond]
Mode=802.3ad
TransmitHashPolicy=layer3+4
MIIMonitorSec=1s
LACPTransmitRate=fast
"""
VLAN = "[Match]\nVirtualization=no\n\n[NetDev]\nName=vlan1\nKind=vlan\n\n[VLAN]\nId=1\n"


def test_the_static_example() -> None:
    file = read_network_file(parse_unit(STATIC))
    assert file.match == (("Name", "enp2s0"),)
    assert file.addresses == (IpAddress(ip="192.168.0.15", prefix_length=24),)
    assert file.routes == (RouteEntry(destination="0.0.0.0/0", next_hop_address="192.168.0.1"),)
    assert (file.dhcp4, file.is_ipv6_enabled, file.is_autoconf_enabled, file.unknown) == (False, True, True, ())


def test_the_bridge_example_has_no_link_local_address() -> None:
    file = read_network_file(parse_unit(BRIDGE_MEMBER))
    assert (file.controller, file.is_ipv6_enabled, file.is_autoconf_enabled) == ("bridge0", False, False)


def test_the_bond_example() -> None:
    file = read_netdev_file(parse_unit(BOND))
    assert file is not None
    assert (file.name, file.type, file.mode, file.unknown) == ("bond1", "bond", "802.3ad", ())
    assert file.options == {"xmit_hash_policy": "layer3+4", "miimon": 1000, "lacp_rate": "fast"}


def test_the_vlan_example_has_a_condition_that_a_state_cannot_express() -> None:
    file = read_netdev_file(parse_unit(VLAN))
    assert file is not None
    assert (file.type, file.vlan_id, file.unknown) == ("vlan", 1, ("[Match] Virtualization=no",))


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("[Network]\nMACVLAN=m0\n", ("[Network] MACVLAN=m0",)),
        ("[Network]\nLinkLocalAddressing=yes\n", ("[Network] LinkLocalAddressing=yes",)),
        ("[Network]\nDomains=~corp.example\n", ("[Network] Domains=~corp.example",)),
        ("[Address]\nAddress=192.0.2.1/24\nLabel=eth0:1\n", ("[Address] Label=eth0:1",)),
        ("[Route]\nGateway=_dhcp4\nDestination=10.0.0.0/8\n",
         ("[Route] Gateway=_dhcp4", "[Route] Destination=10.0.0.0/8")),
        ("[Route]\nDestination=10.0.0.0/8\nGateway=192.0.2.1\nMTUBytes=1400\n", ("[Route] MTUBytes=1400",)),
        ("[Link]\nMTUBytes=9K\n", ("[Link] MTUBytes=9K",)),
        ("[RoutingPolicyRule]\nTable=7\n", ("[RoutingPolicyRule] Table=7",)),
        ("[Network]\nLLDP=yes\n[DHCPv4]\nRouteMetric=10\n[Link]\nRequiredForOnline=no\n", ()),
        ("[Network]\nAddress=192.0.2.1/24\nAddress=\n# Label=x\n; Peer=y\nAddress=\\\n  192.0.2.2/24\n", ()),
    ],
)  # fmt: skip
def test_what_a_state_cannot_express_is_named(text: str, unknown: tuple[str, ...]) -> None:
    assert read_network_file(parse_unit(text)).unknown == unknown


def test_an_empty_value_removes_those_before() -> None:
    file = read_network_file(parse_unit("[Network]\nAddress=192.0.2.1/24\nAddress=\nAddress=192.0.2.2/24\n"))
    assert file.addresses == (IpAddress(ip="192.0.2.2", prefix_length=24),)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("1s", 1000), ("100ms", 100), ("2", 2000), ("1min 30s", 90_000), ("1.5s", 1500), ("10us", None), ("x", None),
     ("", None)],
)  # fmt: skip
def test_time_spans(text: str, milliseconds: int | None) -> None:
    assert parse_milliseconds(text) == milliseconds


def test_bond_options_are_read_as_they_are_written() -> None:
    options = normal_options(None, {
        "miimon": 100, "updelay": 200, "lacp_rate": "fast", "xmit_hash_policy": "vlan+srcmac", "ad_select": "count",
        "min_links": 2, "all_slaves_active": "delivered", "arp_ip_target": "192.0.2.1,192.0.2.2", "num_grat_arp": 3,
        "tlb_dynamic_lb": 0, "arp_validate": "filter_backup", "fail_over_mac": "follow", "ad_user_port_key": 7,
    })  # fmt: skip
    settings = dict(bond_settings(options))
    assert settings["MIIMonitorSec"] == "100ms"
    assert settings["ARPIPTargets"] == "192.0.2.1 192.0.2.2"
    assert settings["AllSlavesActive"] == "yes"
    assert dict(filter(None, (read_option(key, value) for key, value in settings.items()))) == options


def test_options_that_networkd_cannot_set() -> None:
    assert unsupported_options({"use_carrier": 1, "arp_missed_max": 3, "primary": "eth0", "lp_interval": 1}) == [
        "arp_missed_max"
    ]


NETWORKD = {"sys/fs/cgroup/system.slice/systemd-networkd.service/cgroup.procs": "512\n"}
ETH0 = Link(name="eth0", index=2, kind="physical", permanent_mac="02:00:00:00:00:01", mac="02:00:00:00:00:01")
LINK = Interface(
    name="eth0", type="ethernet", state="up", mac_address="02:00:00:00:00:01", mtu=1500,
    ipv4=IpConfiguration(enabled=True, dhcp=False, addresses=(IpAddress(ip="192.0.2.5", prefix_length=24),)),
    ipv6=IpConfiguration(enabled=True, dhcp=False, autoconf=False, addresses=()),
)  # fmt: skip
RUNNING = NetworkState(interfaces=(LINK,))
ADDRESS = "[Network]\nAddress=192.0.2.5/24\n"


def configuration(folder: Path, files: dict[str, str], used: str) -> Configuration:
    links = {"run/systemd/netif/links/2": f"ADMIN_STATE=configured\nNETWORK_FILE=/{used}\n"}
    write_tree(folder, NETWORKD | links | files)
    return Configuration(Network(links=(ETH0,)), str(folder))


def plan(folder: Path, files: dict[str, str], used: str = "etc/systemd/network/20-lan.network") -> FilePlan:
    request = NetworkState(interfaces=(Interface(name="eth0", ipv4=IpConfiguration(addresses=())),))
    return plan_files(RUNNING, merge(RUNNING, request), configuration(folder, files, used), {})


def faults(found: FilePlan) -> list[str]:
    return [fault.message for fault in found.faults]


def test_a_file_for_one_link_is_replaced(tmp_path: Path) -> None:
    found = plan(tmp_path, {"etc/systemd/network/20-lan.network": f"[Match]\nName=eth0\n{ADDRESS}LLDP=no\n"})
    assert faults(found) == []
    assert found.etc["/etc/systemd/network/20-lan.network"] is None
    text = found.etc["/etc/systemd/network/10-hostinfo-eth0.network"] or ""
    assert {"Name=eth0", "LLDP=no", "DHCP=no"} < set(text.splitlines())
    assert "192.0.2.5" not in text
    assert list(found.run) == ["/run/systemd/network/00-hostinfo-eth0.network"]


def test_a_match_by_hardware_is_kept(tmp_path: Path) -> None:
    match = "[Match]\nPermanentMACAddress=02:00:00:00:00:01\n"
    found = plan(tmp_path, {"etc/systemd/network/20-lan.network": match + ADDRESS})
    assert match in (found.etc["/etc/systemd/network/10-hostinfo-eth0.network"] or "")


def test_a_file_for_several_links_stays(tmp_path: Path) -> None:
    found = plan(tmp_path, {"etc/systemd/network/20-lan.network": f"[Match]\nName=eth*\n{ADDRESS}"})
    assert faults(found) == []
    assert "/etc/systemd/network/20-lan.network" not in found.etc


@pytest.mark.parametrize(
    ("files", "used", "message"),
    [
        ({"etc/systemd/network/20-lan.network": f"[Match]\nName=eth0\n{ADDRESS}VRF=blue\n"}, "20-lan.network",
         "/etc/systemd/network/20-lan.network has [Network] VRF=blue, which hostinfo cannot write"),
        ({"etc/systemd/network/05-all.network": f"[Match]\nName=*\n{ADDRESS}"}, "05-all.network", "comes before"),
        ({"etc/systemd/network/20-lan.network": f"[Match]\nName=eth0\n{ADDRESS}",
          "etc/systemd/network/20-lan.network.d/a.conf": "[Network]\nLLDP=no\n"}, "20-lan.network", "merge it"),
        ({"etc/systemd/network/10-netplan-eth0.network": f"[Match]\nName=eth0\n{ADDRESS}"},
         "10-netplan-eth0.network", "netplan writes"),
        ({"etc/systemd/network/20-lan.network": f"[Match]\nName=eth0\n{ADDRESS}", "etc/netplan/a.yaml": ""},
         "20-lan.network", "change the network with netplan"),
        ({"etc/systemd/network/05-b.network": f"[Match]\nDriver=e1000e\n{ADDRESS}",
          "etc/systemd/network/20-lan.network": f"[Match]\nName=eth0\n{ADDRESS}"}, "20-lan.network", "may match it"),
        ({}, "20-lan.network", "cannot be read"),
    ],
)  # fmt: skip
def test_files_that_forbid_a_change(tmp_path: Path, files: dict[str, str], used: str, message: str) -> None:
    found = plan(tmp_path, files, f"etc/systemd/network/{used}")
    assert message in "\n".join(faults(found))


def test_masked_and_empty_files_are_none(tmp_path: Path) -> None:
    write_tree(tmp_path, {"etc/systemd/network/06-empty.network": "\n"})
    (tmp_path / "etc/systemd/network/05-all.network").symlink_to("/dev/null")
    (tmp_path / "etc/systemd/network/05-all.netdev").symlink_to("/dev/null")
    found = plan(tmp_path, {"etc/systemd/network/20-lan.network": f"[Match]\nName=eth0\n{ADDRESS}"})
    assert faults(found) == []


def test_new_links_alongside_those_of_netplan_are_refused(tmp_path: Path) -> None:
    files = {"run/systemd/network/10-netplan-eth0.network": f"[Match]\nName=eth0\n{ADDRESS}", "etc/netplan/a.yaml": ""}
    conf = configuration(tmp_path, files, "run/systemd/network/10-netplan-eth0.network")
    bridge = Interface(name="br0", type="linux-bridge", state="up", bridge=BridgeConfiguration(ports=()))
    desired = NetworkState(interfaces=(LINK, bridge))
    assert "change the network with netplan" in faults(plan_files(RUNNING, desired, conf, {}))[0]


def test_a_link_that_does_not_change_has_no_file(tmp_path: Path) -> None:
    files = {"etc/systemd/network/20-lan.network": f"[Match]\nName=eth0\n{ADDRESS}VRF=blue\n"}
    conf = configuration(tmp_path, files, "etc/systemd/network/20-lan.network")
    assert plan_files(RUNNING, RUNNING, conf, {}) == FilePlan(links=(), run={}, etc={}, faults=())


def test_a_bridge_that_is_deleted_is_not_created_again_before_the_boot(tmp_path: Path) -> None:
    bridge = Interface(
        name="br0", type="linux-bridge", state="up", bridge=BridgeConfiguration(ports=(BridgePort(name="eth0"),))
    )
    netdev = {"etc/systemd/network/br.netdev": "[NetDev]\nName=br0\nKind=bridge\n[Bridge]\nVLANFiltering=yes\n"}
    conf = configuration(tmp_path, netdev, "run/systemd/network/00-hostinfo-eth0.network")
    found = plan_files(NetworkState(interfaces=(bridge,)), NetworkState(), conf, {})
    assert found.etc["/etc/systemd/network/br.netdev"] is None
    assert found.temporary == ("/run/systemd/network/br.netdev.d/hostinfo-deleted.conf",)


def test_dhcp_and_router_advertisements_are_added_to_what_the_kernel_reports(tmp_path: Path) -> None:
    files = {"etc/systemd/network/20-lan.network": "[Match]\nName=eth0\n[Network]\nDHCP=yes\nDNS=192.0.2.53\n"}
    conf = configuration(tmp_path, files, "etc/systemd/network/20-lan.network")
    for state in (
        add_configuration(RUNNING, Network(links=(ETH0,)), conf),
        configured_state(Network(links=(ETH0,)), conf),
    ):
        (link,) = state.interfaces
        assert link.ipv4 is not None
        assert link.ipv6 is not None
        assert (link.ipv4.dhcp, link.ipv6.dhcp, link.ipv6.autoconf) == (True, True, True)
        assert state.dns_resolver is not None
        assert state.dns_resolver.config is not None
        assert state.dns_resolver.config.servers == ("192.0.2.53",)


@pytest.mark.parametrize(
    ("before", "now", "after"),
    [("old", "new", "old"), ("old", None, "old"), (None, "new", None), ("old", "another's", "another's"),
     (None, "another's", "another's")],
)  # fmt: skip
def test_a_file_is_put_back_unless_another_one_changed_it(
    tmp_path: Path, before: str | None, now: str | None, after: str | None
) -> None:
    path = tmp_path / "20-lan.network"
    if before is not None:
        write_file(str(path), before, 0o600, gid=0)
    saved = read_file(str(path))
    if now is None:
        path.unlink(missing_ok=True)
    else:
        write_file(str(path), now, gid=0)
    restore_file(str(path), saved, ["new", None])
    assert (path.read_text() if path.exists() else None) == after
    assert after != "old" or path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(ActionFailed, match=r"folder/x.network: cannot be written: "):
        write_file(str(tmp_path / "folder/x.network"), "text")
