"""Bonds from /sys/class/net/*/bonding and from /proc/net/bonding (Documentation/networking/bonding.rst).

A copy of a machine often has one of the two. Modes in /proc/net/bonding are sentences, those of ``bond_mode_name``.
"""

from __future__ import annotations

from hostinfo.errors import ReadError

from ...sources.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PROC = "proc/net/bonding"
PORTS_LIMIT = 4096
_FACTS = frozenset({"mode", "active_slave", "primary", "miimon", "slaves", "mii_status", "queue_id"})
_SENTENCES = {
    "load balancing (round-robin)": "balance-rr",
    "fault-tolerance (active-backup)": "active-backup",
    "load balancing (xor)": "balance-xor",
    "fault-tolerance (broadcast)": "broadcast",
    "IEEE 802.3ad Dynamic link aggregation": "802.3ad",
    "transmit load balancing": "balance-tlb",
    "adaptive load balancing": "balance-alb",
}


class ProcBond:
    """What /proc/net/bonding has about one bond."""

    __slots__ = ("facts", "permanent_macs", "ports")

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.ports: list[str] = []
        self.permanent_macs: dict[str, str] = {}


def read_proc_bonds(tree: Tree) -> dict[str, ProcBond]:
    """Return the bonds by name; empty without the directory."""
    try:
        names = tree.names(PROC)
    except ReadError:
        return {}
    return {name: parse_proc_bond(tree.try_text(f"{PROC}/{name}")) for name in names}


def parse_proc_bond(text: str) -> ProcBond:
    """Parse one file: first the bond, then a paragraph for each port."""
    bond = ProcBond()
    for line in text.splitlines():
        key, _, value = (part.strip() for part in line.partition(": "))
        if key == "Slave Interface" and len(bond.ports) < PORTS_LIMIT:
            bond.ports.append(value)
        elif key == "Permanent HW addr" and bond.ports:
            bond.permanent_macs[bond.ports[-1]] = value.lower()
        elif key == "Bonding Mode":
            bond.facts["mode"] = _SENTENCES.get(value.partition(" (fail_over_mac")[0])
        elif key in ("Currently Active Slave", "Primary Slave"):
            # The primary port is followed by its reselection policy: "eth1 (primary_reselect always)".
            fact = "primary_port" if key == "Primary Slave" else "active_port"
            bond.facts[fact] = value.partition(" ")[0] if value not in ("", "None") else None
        elif key.startswith("MII Polling Interval") and value.isdecimal() and len(value) < 10:
            bond.facts["miimon_milliseconds"] = int(value)
    return bond


def read_bond(tree: Tree, base: str, from_proc: ProcBond | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the facts of a bond and its ports; ``base`` is its directory ``bonding``."""
    facts: dict[str, Any] = {
        "mode": _word(tree.try_attribute(f"{base}/mode")),
        "active_port": tree.try_attribute(f"{base}/active_slave"),
        "primary_port": tree.try_attribute(f"{base}/primary"),
        "miimon_milliseconds": tree.try_number(f"{base}/miimon"),
        "options": _options(tree, base),
    }
    ports = (tree.try_attribute(f"{base}/slaves") or "").split()
    if from_proc is not None:
        facts = _complete(facts, from_proc.facts)
        ports = ports or from_proc.ports
    return facts, tuple(dict.fromkeys(ports[:PORTS_LIMIT]))


def _complete(facts: dict[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    return facts | {key: value for key, value in others.items() if facts.get(key) is None}


def _options(tree: Tree, base: str) -> dict[str, str | int]:
    options: dict[str, str | int] = {}
    for name in tree.names(base):
        # A value is followed by its number (fast 1). Except for two options, ad_* are states of the LACP partner.
        if name in _FACTS or (name.startswith("ad_") and name not in ("ad_select", "ad_actor_sys_prio")):
            continue
        text = tree.try_attribute(f"{base}/{name}") or ""
        value = text.replace(" ", ",") if name == "arp_ip_target" else text.partition(" ")[0]
        if value and value != "(null)":
            options[name] = int(value) if value.isdecimal() and len(value) < 20 else value
    return options


def _word(text: str | None) -> str | None:
    return text.partition(" ")[0] if text else None
