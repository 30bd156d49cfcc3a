"""The steps of a change as the kernel knows them: each is one request that can be repeated without harm.

A step that finds nothing to remove, or a setting as it should be, has succeeded: a rollback plans again from what it
reads, and may meet the work of a transaction that was killed at any point. Creating a link that exists is a failure.
"""

from __future__ import annotations

from collections.abc import Mapping

from hostinfo.model.network_state import BridgeOptions
from hostinfo.record import field, record


@record
class SetUp:
    """Set a link administratively up."""

    link: str


@record
class SetDown:
    """Set a link administratively down; IPv6 addresses and routes of the link, and of VLANs on it, are lost."""

    link: str


@record
class CreateBond:
    """Create a bond, down and without ports."""

    link: str
    mode: str
    options: Mapping[str, str | int | bool] = field(default_factory=dict)
    mac: str | None = None
    mtu: int | None = None


@record
class CreateVlan:
    """Create a VLAN, down."""

    link: str
    base: str
    id: int
    protocol: str = "802.1q"
    mac: str | None = None
    mtu: int | None = None


@record
class CreateBridge:
    """Create a bridge, down and without ports."""

    link: str
    options: BridgeOptions
    mac: str | None = None
    mtu: int | None = None


@record
class DeleteLink:
    """Delete a bond, VLAN or bridge; VLANs on it are deleted with it, and its ports are free."""

    link: str


@record
class AttachPort:
    """Make a link a port of a bond or bridge; a bond takes only links that are down, and sets them up."""

    link: str
    controller: str


@record
class DetachPort:
    """Take a link out of its bond or bridge."""

    link: str


@record
class SetMtu:
    """Set the MTU of a link."""

    link: str
    mtu: int


@record
class SetMac:
    """Set the hardware address of a link."""

    link: str
    mac: str


@record
class SetBondOptions:
    """Set options of an existing bond, in the order that the kernel accepts."""

    link: str
    options: Mapping[str, str | int | bool]


@record
class SetBridgeOptions:
    """Set options of an existing bridge."""

    link: str
    options: BridgeOptions


@record
class SetBridgePort:
    """Set options of a port of a bridge; None: as it is."""

    link: str
    hairpin_mode: bool | None = None
    path_cost: int | None = None
    priority: int | None = None


@record
class SetIpv6:
    """Enable or disable IPv6 on a link, and addresses from router advertisements; None: as it is."""

    link: str
    enabled: bool | None = None
    autoconf: bool | None = None


@record
class AddAddress:
    """Add a static address."""

    link: str
    ip: str
    prefix_length: int
    broadcast: str | None = None
    """IPv4; None: the one derived from the prefix."""


@record
class DeleteAddress:
    """Delete an address; the kernel deletes routes that need it."""

    link: str
    ip: str
    prefix_length: int


@record
class AddRoute:
    """Add a static route, or replace one of the same destination, metric and table."""

    destination: str
    link: str
    gateway: str | None = None
    metric: int | None = None
    table: int = 254


@record
class DeleteRoute:
    """Delete a static route."""

    destination: str
    link: str
    gateway: str | None = None
    metric: int | None = None
    table: int = 254


KernelStep = (
    SetUp | SetDown | CreateBond | CreateVlan | CreateBridge | DeleteLink | AttachPort | DetachPort | SetMtu | SetMac
    | SetBondOptions | SetBridgeOptions | SetBridgePort | SetIpv6 | AddAddress | DeleteAddress | AddRoute | DeleteRoute
)  # fmt: skip
"""Any step."""
