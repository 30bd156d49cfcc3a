"""The configuration of the network as one state: what is requested, and what is in force.

Keys, nesting and values are those of nmstate's schema (nmstate.io) for the types that hostinfo supports: a hyphen
there is an underscore here, and lists have a plural name (``addresses`` for ``address``). ``actions.network.document``
reads and writes YAML and JSON.

In a request, None and absent interfaces mean: leave it as it is. A complete state, as it is read from the host, has a
value wherever the interface has the property.
"""

from __future__ import annotations

from collections.abc import Mapping

from hostinfo.record import record


@record
class IpAddress:
    """One static IP address."""

    ip: str
    """Address in canonical text form."""
    prefix_length: int
    """Length of the network prefix in bits."""
    broadcast: str | None = None
    """Broadcast address (IPv4); None: the one derived from the prefix. An extension of nmstate's schema."""


@record
class IpConfiguration:
    """IPv4 or IPv6 of one interface."""

    enabled: bool | None = None
    """Whether the protocol is used on the interface; without it there are no addresses."""
    dhcp: bool | None = None
    """Whether an address is requested by DHCP (DHCPv6)."""
    autoconf: bool | None = None
    """IPv6: whether addresses are made from router advertisements."""
    addresses: tuple[IpAddress, ...] | None = None
    """Static addresses, all of them; in the kernel's order, so that the first of a network is the primary one."""


@record
class LinkAggregation:
    """Configuration of a bond."""

    mode: str | None = None
    """Mode by the kernel's name: balance-rr, active-backup, 802.3ad, …"""
    ports: tuple[str, ...] | None = None
    """Names of all ports."""
    options: Mapping[str, str | int | bool] | None = None
    """Options by the kernel's names (miimon, lacp_rate, …); those not given stay, unless the mode changes."""


@record
class VlanConfiguration:
    """Configuration of a VLAN."""

    base_iface: str | None = None
    """Interface that carries the VLAN."""
    id: int | None = None
    """VLAN number, 1 to 4094."""
    protocol: str | None = None
    """802.1q or 802.1ad."""


@record
class SpanningTree:
    """The spanning tree protocol of a bridge."""

    enabled: bool | None = None
    """Whether the protocol is enabled."""
    forward_delay: int | None = None
    """Seconds in the listening and learning states, 2 to 30."""
    hello_time: int | None = None
    """Seconds between hello messages, 1 to 10."""
    max_age: int | None = None
    """Seconds after which a message is discarded, 6 to 40."""
    priority: int | None = None
    """Bridge priority, 0 to 65535."""


@record
class BridgeOptions:
    """Options of a bridge."""

    stp: SpanningTree | None = None
    """The spanning tree protocol."""
    mac_ageing_time: int | None = None
    """Seconds for which a hardware address is remembered."""
    multicast_snooping: bool | None = None
    """Whether IGMP and MLD snooping is enabled."""
    group_forward_mask: int | None = None
    """Link-local group addresses (01-80-C2-00-00-0X) that are forwarded: bit X, 0 to 65535."""


@record
class BridgePort:
    """One port of a bridge."""

    name: str
    """Name of the interface."""
    stp_hairpin_mode: bool | None = None
    """Whether frames are sent back through the port on which they arrived."""
    stp_path_cost: int | None = None
    """Cost of the port in the spanning tree, 1 to 65535."""
    stp_priority: int | None = None
    """Priority of the port in the spanning tree, 0 to 63."""


@record
class BridgeConfiguration:
    """Configuration of a bridge."""

    ports: tuple[BridgePort, ...] | None = None
    """All ports; those of guests and containers, which hostinfo does not manage, stay even if they are not listed."""
    options: BridgeOptions | None = None
    """Options; those not given stay as they are."""


@record
class Interface:
    """One interface, by its name."""

    name: str
    """Name of the interface."""
    identifier: str | None = None
    """Property by which the interface is found: name, mac-address or pci-address; None: name."""
    pci_address: str | None = None
    """Bus address by which the interface is found, such as 0000:00:04.0."""
    type: str | None = None
    """ethernet, bond, vlan or linux-bridge; None in a request: that of the interface as it is."""
    state: str | None = None
    """up, down or absent; absent removes a bond, VLAN or bridge, and the configuration of a NIC."""
    mac_address: str | None = None
    """Hardware address; with ``identifier: mac-address`` the permanent one, by which the NIC is found."""
    copy_mac_from: str | None = None
    """Interface whose hardware address a new bond or bridge gets."""
    mtu: int | None = None
    """Maximum transmission unit in bytes."""
    ipv4: IpConfiguration | None = None
    """IPv4 of the interface."""
    ipv6: IpConfiguration | None = None
    """IPv6 of the interface."""
    link_aggregation: LinkAggregation | None = None
    """Configuration of a bond."""
    vlan: VlanConfiguration | None = None
    """Configuration of a VLAN."""
    bridge: BridgeConfiguration | None = None
    """Configuration of a bridge."""


@record
class RouteEntry:
    """One static route."""

    state: str | None = None
    """absent removes the routes that match the other properties; None: the route exists."""
    destination: str | None = None
    """Network as address/length; 0.0.0.0/0 and ::/0 are the default routes."""
    next_hop_interface: str | None = None
    """Outgoing interface."""
    next_hop_address: str | None = None
    """Gateway; None: the destination is on the link."""
    metric: int | None = None
    """Priority: the lowest wins; None: the default of the kernel or of the network service."""
    table_id: int | None = None
    """Routing table; None: 254, the main table."""


@record
class Routes:
    """Static routes."""

    config: tuple[RouteEntry, ...] | None = None
    """Routes to add, or to remove where their state is absent; others stay."""


@record
class DnsConfiguration:
    """Name servers and search domains."""

    servers: tuple[str, ...] | None = None
    """Addresses of the name servers, in order."""
    search: tuple[str, ...] | None = None
    """Search domains, in order."""


@record
class DnsResolver:
    """Name resolution."""

    config: DnsConfiguration | None = None
    """Static configuration; None: leave it as it is."""


@record
class NetworkState:
    """The configuration of the network."""

    interfaces: tuple[Interface, ...] = ()
    """Interfaces by name; those not listed stay as they are."""
    routes: Routes | None = None
    """Static routes."""
    dns_resolver: DnsResolver | None = None
    """Name resolution."""
