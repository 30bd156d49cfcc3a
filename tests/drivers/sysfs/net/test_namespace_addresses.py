"""Addresses and routes in a network namespace, field by field against ``ip``."""

from typing import Any

from tests.support.network_namespace import NEEDS_NAMESPACE, Namespace

pytestmark = NEEDS_NAMESPACE


def test_every_address_has_the_values_of_ip(namespace: Namespace, facts: dict[str, Any]) -> None:
    found: list[tuple[object, ...]] = []
    for link in namespace.ip("addr"):
        for theirs in link["addr_info"]:
            family = {"inet": "ipv4", "inet6": "ipv6"}[theirs["family"]]
            label = theirs.get("label")
            found.append((
                link["ifname"], family, theirs["local"], theirs["prefixlen"], theirs.get("broadcast"),
                theirs.get("address"), theirs["scope"], label if label != link["ifname"] else None,
                {word for word in ("secondary", "deprecated", "tentative", "temporary", "dynamic", "noprefixroute",
                                   "nodad", "mngtmpaddr") if theirs.get(word)},
                seconds(theirs["valid_life_time"]), seconds(theirs["preferred_life_time"]),
            ))  # fmt: skip
    ours = [
        (
            a["link"], a["family"], a["address"], a["prefix_length"], a["broadcast"], a["peer"], a["scope"], a["label"],
            set(a["flags"]) - {"permanent"}, minutes(a["valid_lifetime_seconds"]),
            minutes(a["preferred_lifetime_seconds"]),
        )
        for a in facts["addresses"]
    ]  # fmt: skip
    theirs_sorted = sorted(found, key=repr)
    assert len(ours) == len(theirs_sorted) >= 12
    for mine, their in zip(sorted(ours, key=repr), theirs_sorted, strict=True):
        assert mine == their


def seconds(theirs: int) -> int | None:
    """``ip`` says 2**32 - 1 for ever; a minute may pass between the two."""
    return None if theirs == 0xFFFFFFFF else minutes(theirs)


def minutes(number: int | None) -> int | None:
    return None if number is None else (number + 300) // 600 * 600


def test_only_broadcast_addresses_that_the_kernel_has_are_reported(facts: dict[str, Any]) -> None:
    broadcasts = {a["address"]: a["broadcast"] for a in facts["addresses"] if a["family"] == "ipv4"}
    assert broadcasts["10.1.1.1"] == "10.1.1.255"  # brd +
    assert broadcasts["10.1.1.2"] is None  # none was given


def test_every_route_has_the_values_of_ip(namespace: Namespace, facts: dict[str, Any]) -> None:
    found = []
    for version in ("4", "6"):
        for theirs in namespace.ip(f"-{version}", "route", "show", "table", "all"):
            table = {"main": 254, "local": 255, "default": 253}.get(theirs["table"]) or int(theirs["table"])
            if table == 255:
                continue
            metrics = {key: value for metric in theirs.get("metrics", []) for key, value in metric.items()}
            found.append((
                f"ipv{version}", network(theirs["dst"], version), theirs.get("from"),
                theirs.get("gateway") or theirs.get("via", {}).get("host"), theirs.get("dev"), theirs.get("prefsrc"),
                theirs.get("metric"), table, theirs["type"], theirs["protocol"],
                theirs["scope"] if version == "4" else None, metrics.get("mtu"), theirs.get("nhid"),
                sorted(theirs["flags"]),
                [(hop.get("gateway"), hop.get("dev"), hop["weight"]) for hop in theirs.get("nexthops", [])],
            ))  # fmt: skip
    ours = [
        (
            r["family"], r["destination"], r["source"], r["gateway"], r["link"], r["preferred_source"], r["metric"],
            r["table"], r["type"], r["protocol"], r["scope"], r["mtu"], r["next_hop_id"], sorted(r["flags"]),
            [(hop["gateway"], hop["link"], hop["weight"]) for hop in r["next_hops"]],
        )
        for r in facts["routes"]
    ]  # fmt: skip
    assert len(ours) == len(found) >= 12
    for mine, their in zip(sorted(ours, key=repr), sorted(found, key=repr), strict=True):
        assert mine == their


def network(text: str, version: str) -> str:
    """``ip`` leaves out the length of a host's route."""
    return text if "/" in text or text == "default" else f"{text}/{'32' if version == '4' else '128'}"
