"""Links in a network namespace, field by field against ``ip``."""

import shutil
from typing import Any

import pytest

from tests.support.network_namespace import NEEDS_NAMESPACE, Namespace, create_namespace

pytestmark = NEEDS_NAMESPACE


def lower(oracle: dict[str, Any]) -> str | None:
    """The link below as ``ip`` shows it, whichever way."""
    if oracle.get("linkinfo", {}).get("info_kind") == "veth":
        return None
    link = oracle.get("link") or oracle.get("linkinfo", {}).get("info_data", {}).get("link")
    assert link is None or isinstance(link, str)
    return link


def test_every_link_has_the_values_of_ip(namespace: Namespace, facts: dict[str, Any]) -> None:
    oracle = namespace.ip("link")
    assert facts["problems"] == []
    assert [link["index"] for link in facts["links"]] == sorted(link["ifindex"] for link in oracle)
    links = {link["name"]: link for link in facts["links"]}
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


def test_every_kind_has_the_settings_of_ip(namespace: Namespace, facts: dict[str, Any]) -> None:
    links = {link["name"]: link for link in facts["links"]}
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


def test_a_veth_pair_across_two_namespaces_is_distinguished_from_a_local_one(facts: dict[str, Any]) -> None:
    links = {link["name"]: link for link in facts["links"]}
    assert (links["va"]["peer"], links["va"]["is_lower_elsewhere"]) == ("vb", False)
    assert (links["vc"]["peer"], links["vc"]["is_lower_elsewhere"]) == (None, True)


@pytest.mark.skipif(shutil.which("ethtool") is None, reason="needs the ethtool program as the oracle")
def test_stacked_links_have_the_speed_of_the_ethtool_program() -> None:
    """The kernel reports 10 Gb/s for veth links, the fastest port's speed for a bridge, the lower link's for a VLAN."""
    for space in create_namespace("his"):
        for command in ("link add va type veth peer name vb", "link add br0 type bridge", "link set va master br0",
                        "link set va up", "link set vb up", "link set br0 up"):  # fmt: skip
            assert space.add(command), command
        stacked = ["br0"]
        if space.add("link add link br0 name br0.7 type vlan id 7") and space.add("link set br0.7 up"):
            stacked.append("br0.7")
        links = {link["name"]: link for link in space.read()["links"]}
        for name in stacked:
            speed = space.run("ethtool", name).partition("Speed: ")[2].partition("Mb/s")[0]
            assert links[name]["speed_mbps"] == (int(speed) if speed.isdecimal() else None), name
