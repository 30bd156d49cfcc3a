"""The links by which peers reach this host."""

from __future__ import annotations

import pytest

from hostinfo.actions.network.management import changed_links, management_path
from hostinfo.model.network import Link, Network, NextHop, Route
from hostinfo.model.report import Change

NETWORK = Network(
    links=(
        Link(name="eth0"),
        Link(name="eth1"),
        Link(name="bond0", ports=("eth0", "eth1"), lower=("eth0", "eth1")),
        Link(name="bond0.5", lower=("bond0",)),
        Link(name="br0", ports=("bond0.5", "vnet0"), lower=("bond0.5", "vnet0")),
        Link(name="vnet0"),
        Link(name="eth2"),
        Link(name="eth3"),
    ),
    routes=(
        Route(family="ipv4", destination="default", gateway="192.0.2.1", link="br0"),
        Route(family="ipv4", destination="192.0.2.0/24", link="br0"),
        Route(family="ipv4", destination="198.51.100.0/24", link="eth2", metric=100),
        Route(family="ipv4", destination="198.51.100.0/24", link="eth3", metric=200),
        Route(family="ipv4", destination="198.51.100.7/32", link="eth3", table=100),
        Route(family="ipv4", destination="203.0.113.0/24", type="blackhole"),
        Route(family="ipv6", destination="2001:db8::/32", next_hops=(
            NextHop(gateway="fe80::1", link="eth2", weight=1), NextHop(gateway="fe80::1", link="eth3", weight=1))),
    ),
)  # fmt: skip
STACK = {"br0", "bond0.5", "bond0", "eth0", "eth1", "vnet0"}


@pytest.mark.parametrize(
    ("peer", "links"),
    [
        ("192.0.2.9", STACK),
        ("8.8.8.8", STACK),
        ("::ffff:192.0.2.9", STACK),
        ("198.51.100.7", {"eth2"}),  # the main table, the lowest metric
        ("2001:db8::1", {"eth2", "eth3"}),
        ("fe80::2%eth3", {"eth3"}),
        ("2001:4860::1", set()),
        ("broker.example.org", set()),
        ("", set()),
    ],
)
def test_the_path_is_the_outgoing_link_and_all_links_below(peer: str, links: set[str]) -> None:
    assert management_path(NETWORK, [peer]) == links


def test_a_change_names_its_link_even_if_the_name_has_a_dot() -> None:
    paths = ("bond0.5", "bond0.5.mtu", "bond0.5.ipv4.address", "eth0.link-aggregation.port", "routes", "dns-resolver")
    assert changed_links(Change(path=path) for path in paths) == {"bond0.5", "eth0"}
