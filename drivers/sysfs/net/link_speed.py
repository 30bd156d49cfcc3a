"""Speed and duplex from sysfs: of devices without ethtool, and of links that are stacked on others.

Source: /sys/class/net/*/speed and duplex (Documentation/ABI/testing/sysfs-class-net). The kernel adds up the speeds of
a bond's ports, or takes one of them, by its mode; a bridge has that of its fastest port. A VLAN, macvlan or ipvlan has
the speed of its lower link (vlan_ethtool_get_link_ksettings), so it is not read once more.
"""

from __future__ import annotations

from hostinfo.errors import DriverError

from .device_lookup import CLASS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.fact import FactBuilder

    from ...sources.netlink.link_record import LinkRecord
    from ...sources.sources import Sources
    from ...sources.tree import Tree

_SPEED_LIMIT = 0x7FFFFFFF
_KINDS_OF_PORTS = frozenset({"bond", "bridge", "team"})
_KINDS_OF_LOWER = frozenset({"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"})
_LEVELS = 16


def add_speed(facts: dict[str, object], tree: Tree, base: str) -> None:
    """Add speed and duplex from sysfs if ethtool has none; without a carrier, sysfs returns EINVAL or -1."""
    if facts.get("has_carrier") is not True or facts.get("speed_mbps") is not None:
        return
    speed = tree.try_number(f"{base}/speed")
    if speed and speed < _SPEED_LIMIT and speed != 0xFFFF:
        facts["speed_mbps"] = speed
    duplex = tree.try_attribute(f"{base}/duplex")
    if duplex in ("full", "half"):
        facts["duplex"] = duplex


def add_stacked_speeds(records: list[LinkRecord], sources: Sources, builder: FactBuilder) -> None:
    """Add the speeds of bonds, bridges and teams, then those of the links that have one of them below."""
    tree = sources.tree
    for record in records:
        facts = record.facts
        if not _has_own_speed(record, has_kinds=sources.netlink is not None) or facts.get("has_carrier") is not True:
            continue
        path = f"{CLASS}/{record.name}"
        if tree.try_number(f"{path}/ifindex") in (record.index, None):
            add_speed(facts, tree, path)
            if facts.get("speed_mbps") is not None:
                builder.sources.setdefault("links.speed_mbps", "/sys/class/net/*/speed")
        else:
            _add_ethtool_speed(facts, record.name, sources)
    by_name = {record.name: record for record in records}
    for record in records:
        if record.facts.get("kind") in _KINDS_OF_LOWER:
            _inherit(record, by_name)


def _has_own_speed(record: LinkRecord, *, has_kinds: bool) -> bool:
    """Return whether to read the speed of a stacked link; in files, a team is a link without kind above others."""
    kind = record.facts.get("kind")
    if kind in _KINDS_OF_PORTS:
        return True
    return not has_kinds and (kind in _KINDS_OF_LOWER or (kind is None and bool(record.lower)))


def _add_ethtool_speed(facts: dict[str, object], name: str, sources: Sources) -> None:
    """Add the speed from ethtool: /sys is that of another network namespace."""
    if sources.ethtool is None:
        return
    from ...sources import ethtool

    try:
        reply = sources.ethtool(name, ethtool.ETHTOOL_GLINKSETTINGS, ethtool.SETTINGS_BYTES)
    except DriverError:  # the kernel does not report it for this kind of link
        return
    found = ethtool.parse_settings(reply, has_carrier=True)
    facts.update({field: found[field] for field in ("speed_mbps", "duplex") if field in found})


def _inherit(record: LinkRecord, by_name: dict[str, LinkRecord]) -> None:
    facts, lower = record.facts, record
    if facts.get("has_carrier") is not True or facts.get("speed_mbps") is not None:
        return
    for _ in range(_LEVELS):
        below = by_name.get(lower.lower[0]) if len(lower.lower) == 1 else None
        if below is None or below.facts.get("has_carrier") is not True:
            return
        if below.facts.get("speed_mbps") is not None:
            facts["speed_mbps"], facts["duplex"] = below.facts["speed_mbps"], below.facts.get("duplex")
            return
        if below.facts.get("kind") not in _KINDS_OF_LOWER:
            return
        lower = below
