"""Which back end carries out a change: that of the one service that configures its links."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostinfo.actions.network.host_backends import choose_backend
from hostinfo.actions.network.owners import Owners
from hostinfo.drivers.sources.tree import Tree
from hostinfo.errors import ActionRefused
from hostinfo.model.network import Link, Network
from hostinfo.model.network_state import Interface, LinkAggregation, NetworkState, VlanConfiguration
from tests.support.trees import write_tree

NETWORK = Network(links=tuple(Link(name=f"eth{n}", index=n + 2, kind="physical") for n in range(3)))
NICS = tuple(Interface(name=f"eth{n}", type="ethernet") for n in range(3))
OWNED = {
    "sys/fs/cgroup/system.slice/systemd-networkd.service/cgroup.procs": "512\n",
    "run/systemd/netif/links/2": "ADMIN_STATE=configured\n",
    "etc/network/interfaces": "iface eth1 inet dhcp\n",
}
BOND = Interface(name="bond0", type="bond", link_aggregation=LinkAggregation(ports=("eth0", "eth1")))
VLAN = Interface(name="eth0.5", type="vlan", vlan=VlanConfiguration(base_iface="eth0", id=5))


def choose(tmp_path: Path, *new: Interface, changed: set[str], files: dict[str, str] = OWNED) -> str:
    write_tree(tmp_path, files)
    current = NetworkState(interfaces=NICS)
    desired = NetworkState(interfaces=(*NICS, *new))
    return choose_backend(current, desired, NETWORK, changed, Owners(Tree(str(tmp_path)))).name


def test_the_kernel_alone_changes_links_without_an_owner(tmp_path: Path) -> None:
    assert choose(tmp_path, changed={"eth0", "eth1"}, files={}) == "kernel"
    assert choose(tmp_path, changed={"eth2"}, files={"etc/hostname": "a\n"}) == "kernel"


def test_links_of_two_services_are_not_changed_together(tmp_path: Path) -> None:
    with pytest.raises(ActionRefused) as caught:
        choose(tmp_path, BOND, changed={"bond0"})
    assert "systemd-networkd configures eth0 (/run/systemd/netif/links/2)" in str(caught.value)
    assert "ifupdown configures eth1 (/etc/network/interfaces)" in str(caught.value)


@pytest.mark.parametrize("changed", [{"eth0"}, {"eth2"}, {"eth0", "eth2"}])
def test_links_without_an_owner_go_to_the_service_of_the_host(tmp_path: Path, changed: set[str]) -> None:
    assert choose(tmp_path, changed=changed) == "systemd-networkd"


def test_a_new_vlan_belongs_to_the_owner_of_its_base(tmp_path: Path) -> None:
    """The base itself is not changed."""
    files = {**OWNED, "run/NetworkManager/devices/2": "[device]\nmanaged=true\n"}
    files["sys/fs/cgroup/system.slice/NetworkManager.service/cgroup.procs"] = "612\n"
    assert choose(tmp_path, VLAN, changed={"eth0.5"}, files=files) == "NetworkManager"


def test_links_of_a_service_without_a_back_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ActionRefused, match="ifupdown configures it, as /etc/network/interfaces shows, and hostinfo"):
        choose(tmp_path, changed={"eth1"}, files=OWNED)
