"""Links, addresses, routes: three lists side by side, joined by link name and index.

A link has n IPv4 and m IPv6 addresses, so addresses are not links; links stack (physical, bond, VLAN, bridge, each
layer optional), so each names its neighbours: ``lower``, ``ports``, ``controller``.
"""

from __future__ import annotations

from collections.abc import Mapping

from hostinfo.record import field, record


@record
class Bond:
    """What a bond does."""

    mode: str | None = None
    """The kernel's word: balance-rr, active-backup, 802.3ad, …; None: the files do not have it."""
    active_port: str | None = None
    """The port in use; None: the mode has none, or none is up."""
    primary_port: str | None = None
    """The preferred port; None: none configured."""
    miimon_milliseconds: int | None = None
    """Interval of link monitoring; 0: off."""
    options: Mapping[str, str | int] = field(default_factory=dict)
    """Further options in the kernel's words (updelay, lacp_rate, xmit_hash_policy, …)."""
    ports: tuple[str, ...] = ()
    """Its ports."""


@record
class Vlan:
    """What a VLAN link does."""

    id: int
    """VLAN number."""
    protocol: str | None = None
    """802.1Q or 802.1ad; None: read from files, none of which has it."""


@record
class Bridge:
    """What a bridge does."""

    stp: bool | None = None
    """Whether it speaks the spanning tree protocol."""
    forward_delay_seconds: float | None = None
    """Time in the listening and learning states."""
    hello_time_seconds: float | None = None
    """Interval of its hello messages."""
    max_age_seconds: float | None = None
    """Age at which a message is stale."""
    ageing_time_seconds: float | None = None
    """Time for which it remembers an address."""
    priority: int | None = None
    """Its bridge priority."""
    bridge_id: str | None = None
    """Its identity: priority.address."""
    root_id: str | None = None
    """Identity of the root bridge."""
    vlan_filtering: bool | None = None
    """Whether it distinguishes VLANs."""
    multicast_snooping: bool | None = None
    """Whether it follows who listens to which group."""
    ports: tuple[str, ...] = ()
    """Its ports."""


@record
class Vxlan:
    """What a VXLAN link does."""

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
    """Number of the controller, where the NIC serves several hosts; None: this host's own."""
    bus_address: str | None = None
    """Address of the NIC that has the switch."""


@record
class SrIov:
    """Virtual functions of a network device."""

    total: int
    """Functions that the device has."""
    enabled: int
    """Functions that are there now."""


@record
class Link:
    """One network link."""

    name: str
    """The kernel's name of it."""
    index: int | None = None
    """The kernel's number of it; None: read from files that do not have it."""
    kind: str | None = None
    """physical, loopback, representor, or the kernel's word: bond, vlan, bridge, veth, macvlan, tun, vxlan, ipoib, …"""
    is_physical: bool | None = None
    """Whether a device (PCI, USB, virtio, …) is behind the link, whatever its kind; None: no source shows it.

    A link that shares its device with the link below it (ib0.8013) is not physical, nor is a representor.
    """
    mac: str | None = None
    """The hardware address in use, of any length; None: it has none. Addresses of IP tunnels are in ``tunnel``."""
    permanent_mac: str | None = None
    """The hardware address that the device was made with; None: it has none, or the driver does not report it."""
    broadcast_mac: str | None = None
    """The hardware broadcast address."""
    mtu: int | None = None
    """Greatest payload in bytes."""
    state: str | None = None
    """The kernel's operational state in words (RFC 2863): up, down, dormant, lowerlayerdown, …; "unknown" is None."""
    is_enabled: bool | None = None
    """Whether it is administratively up."""
    has_carrier: bool | None = None
    """Whether there is a signal; None: not reported while it is down."""
    speed_mbps: int | None = None
    """Speed in megabits a second; None: no carrier, or the device has none."""
    duplex: str | None = None
    """full or half; None: no carrier, or the device has none."""
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
    """Name of the device's vendor, from the hardware database of udev, pci.ids or usb.ids; None: it has no name."""
    product: str | None = None
    """Name of the product, from the hardware database of udev, pci.ids or usb.ids; None: it has no name."""
    vendor_id: str | None = None
    """Vendor ID of the PCI or USB device, such as 0x8086."""
    product_id: str | None = None
    """Product ID of the PCI or USB device, such as 0x1521."""
    port_type: str | None = None
    """Connector: tp, fibre, da, … (ethtool)."""
    controller: str | None = None
    """The bond, bridge, … that this link is a port of; None: of none."""
    lower: tuple[str, ...] = ()
    """Links that this link stands on: the device of a VLAN or macvlan, the ports of a bond or bridge."""
    ports: tuple[str, ...] = ()
    """Links whose controller this is."""
    peer: str | None = None
    """The other end of a veth pair, where it is in this network namespace."""
    is_lower_elsewhere: bool = False
    """True: the link that this one stands on (or its veth peer) is in another network namespace."""
    altnames: tuple[str, ...] = ()
    """Its further names."""
    alias: str | None = None
    """The description that somebody gave it."""
    group: int | None = None
    """Its group number."""
    tx_queue_length: int | None = None
    """Length of the transmit queue."""
    flags: tuple[str, ...] = ()
    """The kernel's flags in words (netdevice(7)), lower case."""
    bond: Bond | None = None
    """What the bond does; None: not a bond."""
    vlan: Vlan | None = None
    """What the VLAN does; None: not a VLAN."""
    bridge: Bridge | None = None
    """What the bridge does; None: not a bridge."""
    vxlan: Vxlan | None = None
    """What the VXLAN does; None: not a VXLAN."""
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
    """Identity of the switch that the port belongs to, hexadecimal (phys_switch_id in sysfs)."""
    representor: Representor | None = None
    """The function that the link represents on the NIC's embedded switch; None: not a representor."""
    offloads: tuple[str, ...] | None = None
    """Work that the device takes over and that is on: sg, tso, ufo, gso, gro (ethtool(8)); None: not reported."""
    rx_ring_size: int | None = None
    """Packets that its receive ring holds; None: not reported."""
    tx_ring_size: int | None = None
    """Packets that its transmit ring holds; None: not reported."""


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
    """The address, in its canonical text form."""
    prefix_length: int
    """Bits of the network."""
    netmask: str | None = None
    """The prefix as a mask; None: IPv6."""
    broadcast: str | None = None
    """Broadcast address; None: the kernel has none for it."""
    peer: str | None = None
    """The other end of a point-to-point address; None: not one."""
    scope: str | None = None
    """global, site, link, host, nowhere, or a number (rtnetlink(7))."""
    flags: tuple[str, ...] = ()
    """permanent, dynamic, secondary, temporary, tentative, deprecated, dadfailed, noprefixroute, …"""
    valid_lifetime_seconds: int | None = None
    """Time until it is removed; None: for ever, or read from files, none of which has it."""
    preferred_lifetime_seconds: int | None = None
    """Time until it is deprecated; None: for ever, or read from files, none of which has it."""
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
    """Network that the packets must come from; None: any."""
    gateway: str | None = None
    """Next hop; None: on the link."""
    link: str | None = None
    """Link that it leaves by; None: it has none, or several (``next_hops``)."""
    preferred_source: str | None = None
    """Source address that it prefers."""
    metric: int | None = None
    """Priority: the lowest wins; None: not set."""
    table: int = 254
    """Routing table: 254 main, 255 local."""
    type: str = "unicast"
    """unicast, local, broadcast, blackhole, unreachable, …"""
    protocol: str | None = None
    """Who made it: kernel, boot, static, dhcp, ra, bird, …, or a number."""
    scope: str | None = None
    """global, link, host, nowhere; None: IPv6."""
    mtu: int | None = None
    """Path MTU; None: the link's."""
    flags: tuple[str, ...] = ()
    """onlink, linkdown, dead, …"""
    next_hop_id: int | None = None
    """Number of the next hop object that it uses (ip-nexthop(8)); None: it has its own next hop."""
    next_hops: tuple[NextHop, ...] = ()
    """Ways of a multipath route; empty: it has one."""


@record
class NextHop:
    """One way of a multipath route."""

    gateway: str | None
    """Next hop; None: on the link."""
    link: str | None
    """Link that it leaves by."""
    weight: int
    """Its share, 1 or more."""


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
    """By index."""
    addresses: tuple[Address, ...] = ()
    """In the kernel's order: by link, then as they were added."""
    routes: tuple[Route, ...] = ()
    """Unicast and special routes of all tables but local."""
    dns: Dns | None = None
    """Name resolution; None: not configured by resolv.conf(5)."""
