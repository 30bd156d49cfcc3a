"""Links, addresses and routes: three lists that refer to each other by name and index of the link.

A link has any number of IPv4 and IPv6 addresses. Links form a stack (physical, bond, VLAN, bridge, each layer
optional), so each link names its neighbours: ``lower``, ``ports``, ``controller``.
"""

from __future__ import annotations

from collections.abc import Mapping

from hostinfo.record import field, record


@record
class Bond:
    """Configuration and state of a bond."""

    mode: str | None = None
    """Mode by the kernel's name: balance-rr, active-backup, 802.3ad, …; None: not reported in /proc and /sys."""
    active_port: str | None = None
    """Port in use; None: the mode has none, or none is up."""
    primary_port: str | None = None
    """Preferred port; None: not configured."""
    miimon_milliseconds: int | None = None
    """Interval of link monitoring; 0: off."""
    options: Mapping[str, str | int] = field(default_factory=dict)
    """Other options by the kernel's names (updelay, lacp_rate, xmit_hash_policy, …)."""
    ports: tuple[str, ...] = ()
    """Names of the ports."""


@record
class Vlan:
    """Configuration of a VLAN link."""

    id: int
    """VLAN number."""
    protocol: str | None = None
    """802.1Q or 802.1ad; None: not reported in /proc and /sys."""


@record
class Bridge:
    """Configuration and state of a bridge."""

    stp: bool | None = None
    """Whether the spanning tree protocol is enabled."""
    forward_delay_seconds: float | None = None
    """Time in the listening and learning states."""
    hello_time_seconds: float | None = None
    """Interval between hello messages."""
    max_age_seconds: float | None = None
    """Age after which a message is discarded."""
    ageing_time_seconds: float | None = None
    """Time for which an address is remembered."""
    priority: int | None = None
    """Bridge priority."""
    bridge_id: str | None = None
    """Bridge ID: priority.address."""
    root_id: str | None = None
    """Bridge ID of the root bridge."""
    vlan_filtering: bool | None = None
    """Whether VLAN filtering is enabled."""
    multicast_snooping: bool | None = None
    """Whether IGMP and MLD snooping is enabled."""
    ports: tuple[str, ...] = ()
    """Names of the ports."""


@record
class Vxlan:
    """Configuration of a VXLAN link."""

    id: int
    """VXLAN network identifier."""
    group: str | None = None
    """Remote address or multicast group."""
    local: str | None = None
    """Local address."""
    port: int | None = None
    """UDP port."""


@record
class Tunnel:
    """The ends of an IP tunnel."""

    local: str | None = None
    """Local IP address; None: any."""
    remote: str | None = None
    """IP address of the other end; None: any, or chosen by the route."""


@record
class Representor:
    """The function behind a port of the switch that is embedded in a NIC (Documentation/networking/representors.rst).

    Numbers are those in phys_port_name: pf0vf1 stands for VF 1 of PF 0.
    """

    pf: int | None = None
    """Number of the physical function; None: the driver names the virtual function only."""
    vf: int | None = None
    """Number of the virtual function; None: the port is that of a physical function or subfunction."""
    sf: int | None = None
    """Number of the subfunction; None: the port is that of a physical or virtual function."""
    controller: int | None = None
    """Number of the controller, where the NIC serves several hosts; None: that of this host."""
    bus_address: str | None = None
    """Address of the NIC that has the switch."""


@record
class SrIov:
    """Virtual functions of a network device."""

    total: int
    """Functions that the device supports."""
    enabled: int
    """Functions that are enabled."""


@record
class Link:
    """One network link."""

    name: str
    """Name of the link."""
    index: int | None = None
    """Interface index; None: not reported in the files that were read."""
    kind: str | None = None
    """physical, loopback, representor, or the kernel's name: bond, vlan, bridge, veth, macvlan, tun, vxlan, ipoib, …"""
    is_physical: bool | None = None
    """Whether a device (PCI, USB, virtio, …) is behind the link, whatever its kind; None: no source shows it.

    A link that shares its device with the link below it (ib0.8013) is not physical, nor is a representor.
    """
    mac: str | None = None
    """Hardware address in use, of any length; None: the link has none. Addresses of IP tunnels are in ``tunnel``."""
    permanent_mac: str | None = None
    """Permanent hardware address of the device; None: it has none, or the driver does not report it."""
    broadcast_mac: str | None = None
    """Hardware broadcast address."""
    mtu: int | None = None
    """Maximum transmission unit in bytes."""
    state: str | None = None
    """Operational state (RFC 2863): up, down, dormant, lowerlayerdown, …; None: the kernel reports "unknown"."""
    is_enabled: bool | None = None
    """Whether it is administratively up."""
    has_carrier: bool | None = None
    """Whether there is a carrier; None: not reported while the link is down."""
    speed_mbps: int | None = None
    """Speed in megabits per second; None: no carrier, or the device does not report it."""
    duplex: str | None = None
    """full or half; None: no carrier, or the device does not report it."""
    autonegotiation: bool | None = None
    """Whether the speed is negotiated."""
    driver: str | None = None
    """Kernel driver of the device."""
    driver_version: str | None = None
    """Version of that driver."""
    firmware: str | None = None
    """Firmware of the device."""
    bus: str | None = None
    """Bus of the device: pci, usb, virtio, …"""
    bus_address: str | None = None
    """Address of the device on its bus, such as 0000:00:04.0."""
    vendor: str | None = None
    """Name of the vendor, from the hardware database of udev, pci.ids or usb.ids; None: none of them has it."""
    product: str | None = None
    """Name of the product, from the hardware database of udev, pci.ids or usb.ids; None: none of them has it."""
    vendor_id: str | None = None
    """Vendor ID of the PCI or USB device, such as 0x8086."""
    product_id: str | None = None
    """Product ID of the PCI or USB device, such as 0x1521."""
    port_type: str | None = None
    """Type of connector: tp, fibre, da, … (ethtool(8))."""
    controller: str | None = None
    """Bond, bridge, … of which this link is a port; None: it is no port."""
    lower: tuple[str, ...] = ()
    """Links below this one: the device of a VLAN or macvlan, the ports of a bond or bridge."""
    ports: tuple[str, ...] = ()
    """Links of which this is the controller."""
    peer: str | None = None
    """Other end of a veth pair, if it is in this network namespace."""
    is_lower_elsewhere: bool = False
    """True: the link below this one (or the veth peer) is in another network namespace."""
    altnames: tuple[str, ...] = ()
    """Alternative names."""
    alias: str | None = None
    """Description that an administrator assigned."""
    group: int | None = None
    """Group number."""
    tx_queue_length: int | None = None
    """Length of the transmit queue."""
    flags: tuple[str, ...] = ()
    """Names of the kernel's flags in lower case (netdevice(7))."""
    bond: Bond | None = None
    """Details of the bond; None: not a bond."""
    vlan: Vlan | None = None
    """Details of the VLAN; None: not a VLAN."""
    bridge: Bridge | None = None
    """Details of the bridge; None: not a bridge."""
    vxlan: Vxlan | None = None
    """Details of the VXLAN; None: not a VXLAN."""
    tunnel: Tunnel | None = None
    """The ends of an IP tunnel; None: not one, or it has no fixed ends."""
    mode: str | None = None
    """Mode of a macvlan, macvtap, ipvlan (bridge, private, …) or tun (tun, tap) link."""
    sriov: SrIov | None = None
    """Virtual functions; None: the device has none, or the link is not that of the physical function."""
    physical_function: str | None = None
    """PCI address of the physical function; None: the device is not a virtual function, or it was passed to a guest."""
    port_name: str | None = None
    """Name of the port on its device: p0, pf0vf1, … (phys_port_name in sysfs)."""
    switch_id: str | None = None
    """ID of the switch to which the port belongs, hexadecimal (phys_switch_id in sysfs)."""
    representor: Representor | None = None
    """The function that the link represents on the NIC's embedded switch; None: not a representor."""
    offloads: tuple[str, ...] | None = None
    """Enabled offloads: sg, tso, ufo, gso, gro (ethtool(8)); None: not reported."""
    rx_ring_size: int | None = None
    """Size of the receive ring in packets; None: not reported."""
    tx_ring_size: int | None = None
    """Size of the transmit ring in packets; None: not reported."""


@record
class Address:
    """One IP address of a link."""

    link: str
    """Name of the link."""
    index: int
    """Index of the link."""
    family: str
    """ipv4 or ipv6."""
    address: str
    """Address in canonical text form."""
    prefix_length: int
    """Length of the network prefix in bits."""
    netmask: str | None = None
    """Prefix as a mask; None: IPv6."""
    broadcast: str | None = None
    """Broadcast address; None: the address has none."""
    peer: str | None = None
    """Other end of a point-to-point address; None: not point-to-point."""
    scope: str | None = None
    """global, site, link, host, nowhere, or a number (rtnetlink(7))."""
    flags: tuple[str, ...] = ()
    """permanent, dynamic, secondary, temporary, tentative, deprecated, dadfailed, noprefixroute, …"""
    valid_lifetime_seconds: int | None = None
    """Time until it is removed; None: unlimited, or not reported in /proc and /sys."""
    preferred_lifetime_seconds: int | None = None
    """Time until it is deprecated; None: unlimited, or not reported in /proc and /sys."""
    label: str | None = None
    """Label (eth0:1) of an IPv4 address; None: it has none."""


@record
class Route:
    """One route."""

    family: str
    """ipv4 or ipv6."""
    destination: str
    """Network as address/length, or default."""
    source: str | None = None
    """Network of the packets' source addresses; None: any."""
    gateway: str | None = None
    """Next hop; None: on the link."""
    link: str | None = None
    """Outgoing link; None: it has none, or several (``next_hops``)."""
    preferred_source: str | None = None
    """Preferred source address."""
    metric: int | None = None
    """Priority: the lowest wins; None: not set."""
    table: int = 254
    """Routing table: 254 main, 255 local."""
    type: str = "unicast"
    """unicast, local, broadcast, blackhole, unreachable, …"""
    protocol: str | None = None
    """Origin of the route: kernel, boot, static, dhcp, ra, bird, …, or a number."""
    scope: str | None = None
    """global, link, host, nowhere; None: IPv6."""
    mtu: int | None = None
    """Path MTU; None: that of the link."""
    flags: tuple[str, ...] = ()
    """onlink, linkdown, dead, …"""
    next_hop_id: int | None = None
    """Number of the next hop object (ip-nexthop(8)); None: the route has a next hop of its own."""
    next_hops: tuple[NextHop, ...] = ()
    """Next hops of a multipath route; empty: it has one."""


@record
class NextHop:
    """One next hop of a multipath route."""

    gateway: str | None
    """Next hop; None: on the link."""
    link: str | None
    """Outgoing link."""
    weight: int
    """Weight, 1 or more."""


@record
class Dns:
    """Name resolution as configured (resolv.conf(5))."""

    servers: tuple[str, ...] = ()
    """Name servers, in order."""
    upstream_servers: tuple[str, ...] = ()
    """Name servers that a local stub resolver among ``servers`` (127.0.0.53) queries; empty: none, or not known."""
    search: tuple[str, ...] = ()
    """Search domains, in order."""
    options: tuple[str, ...] = ()
    """Resolver options."""


@record
class Network:
    """Links, addresses and routes of this network namespace."""

    links: tuple[Link, ...] = ()
    """Links by index."""
    addresses: tuple[Address, ...] = ()
    """Addresses in the kernel's order: by link, then as they were added."""
    routes: tuple[Route, ...] = ()
    """Unicast and special routes of all tables except local."""
    dns: Dns | None = None
    """Name resolution; None: not configured by resolv.conf(5)."""
