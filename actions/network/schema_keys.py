"""How nmstate's schema spells the fields of the model, and which of its other keys are accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hostinfo.model.network_state import (
    BridgeConfiguration,
    BridgePort,
    DnsConfiguration,
    DnsResolver,
    Interface,
    IpAddress,
    IpConfiguration,
    LinkAggregation,
    NetworkState,
    RouteEntry,
    Routes,
    VlanConfiguration,
)

SINGULAR = {
    (IpConfiguration, "addresses"): "address",
    (LinkAggregation, "ports"): "port",
    (BridgeConfiguration, "ports"): "port",
    (DnsConfiguration, "servers"): "server",
}
"""Fields whose key is not the field's name with hyphens."""

ALIASES: Mapping[tuple[type, str], str] = {
    (LinkAggregation, "ports"): "port",
    (LinkAggregation, "slaves"): "port",
    (BridgeConfiguration, "ports"): "port",
}
"""Other spellings that nmstate accepts."""

INFORMATION: Mapping[type, frozenset[str]] = {
    NetworkState: frozenset({"description"}),
    Interface: frozenset({"description", "driver", "min-mtu", "max-mtu", "permanent-mac-address", "profile-name"}),
    Routes: frozenset({"running"}),
    DnsResolver: frozenset({"running"}),
}
"""Keys by which nmstate prints what cannot be requested, or comments: accepted with any value."""

DEFAULTS: Mapping[type, Mapping[str, tuple[Any, ...]]] = {
    Interface: {
        "accept-all-mac-addresses": (False,),
        "lldp": ({"enabled": False},),
        "mptcp": ({"address-flags": []},),
        "wait-ip": ("any",),
    },
    IpConfiguration: {
        "addr-gen-mode": ("eui64",),
        "allow-extra-address": (True,),
        "auto-dns": (True,),
        "auto-gateway": (True,),
        "auto-route-table-id": (0,),
        "auto-routes": (True,),
    },
    VlanConfiguration: {"loose-binding": (False,), "registration-protocol": ("none",), "reorder-headers": (True,)},
    BridgePort: {"vlan": ({},)},
    RouteEntry: {"weight": (1,), "route-type": ("unicast",)},
}
"""Keys of nmstate's schema that hostinfo does not set, with the values that mean: as hostinfo does it anyway."""

UNSUPPORTED: Mapping[type, frozenset[str]] = {
    NetworkState: frozenset({"capture", "hostname", "ovn", "ovs-db", "route-rules"}),
    Interface: frozenset({
        "802.1x", "controller", "dispatch", "ethernet", "ethtool", "hsr", "infiniband", "ipsec", "ipvlan", "libreswan",
        "mac-vlan", "mac-vtap", "macsec", "ovs-db", "patch", "veth", "vrf", "vxlan",
    }),
    IpConfiguration: frozenset({
        "auto-route-metric", "dhcp-client-id", "dhcp-custom-hostname", "dhcp-duid", "dhcp-send-hostname", "forwarding",
        "token",
    }),
    IpAddress: frozenset({"mptcp-flags", "preferred-life-time", "valid-life-time"}),
    LinkAggregation: frozenset({"ports-config"}),
    VlanConfiguration: frozenset({"egress-qos-map", "ingress-qos-map"}),
    RouteEntry: frozenset({"advmss", "congestion-window", "cwnd", "initcwnd", "initrwnd", "mtu", "quickack", "source",
                           "vrf-name"}),
}  # fmt: skip
"""Keys of nmstate's schema that hostinfo refuses, whatever their value."""

INTERFACE_TYPES = ("ethernet", "bond", "vlan", "linux-bridge")
INTERFACE_STATES = ("up", "down", "absent", "ignore")
IDENTIFIERS = ("name", "mac-address", "pci-address")


def key_of(cls: type, field: str) -> str:
    """Return the key of a field in the document."""
    return SINGULAR.get((cls, field)) or field.replace("_", "-")
