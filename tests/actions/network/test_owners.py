"""The service that configures an interface, from the files that it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostinfo.actions.network.owners import Owner, Owners
from hostinfo.drivers.sources.tree import Tree
from hostinfo.model.network import Link
from tests.support.trees import write_tree

NM = {"sys/fs/cgroup/system.slice/NetworkManager.service/cgroup.procs": "612\n"}
NETWORKD = {"sys/fs/cgroup/system.slice/systemd-networkd.service/cgroup.procs": "512\n"}
IFUPDOWN = {
    "etc/network/interfaces": "source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n",
    "etc/network/interfaces.d/setup": "auto eth0\niface eth0 inet dhcp\niface eth1 \\\n  inet manual\n",
}


def owner(tmp_path: Path, files: dict[str, str], name: str = "eth0") -> Owner | None:
    write_tree(tmp_path, files)
    return Owners(Tree(str(tmp_path))).owner(Link(name=name, index=2, kind="physical"))


def test_networkmanager_owns_what_it_manages(tmp_path: Path) -> None:
    files = NM | {"run/NetworkManager/devices/2": "[device]\nmanaged=true\nconnection-uuid=1-2\n"}
    found = owner(tmp_path, files)
    assert found == Owner(service="NetworkManager", source="/run/NetworkManager/devices/2")


@pytest.mark.parametrize(
    "files",
    [
        NM | {"run/NetworkManager/devices/2": "[device]\nmanaged=false\n"},
        {"run/NetworkManager/devices/2": "[device]\nmanaged=true\n"},  # what a stopped service has left
        NETWORKD | {"run/systemd/netif/links/2": "ADMIN_STATE=unmanaged\nOPER_STATE=routable\n"},
        {"run/systemd/netif/links/2": "ADMIN_STATE=configured\n"},
        {},
    ],
)
def test_a_service_owns_neither_what_it_does_not_manage_nor_what_it_left(tmp_path: Path, files: dict[str, str]) -> None:
    assert owner(tmp_path, files) is None


@pytest.mark.parametrize("state", ["configured", "configuring", "failed", "degraded", "linger"])
def test_networkd_owns_what_it_configures(tmp_path: Path, state: str) -> None:
    found = owner(tmp_path, NETWORKD | {"run/systemd/netif/links/2": f"# comment\nADMIN_STATE={state}\n"})
    assert found == Owner(service="systemd-networkd", source="/run/systemd/netif/links/2")


@pytest.mark.parametrize("name", ["eth0", "eth1"])
def test_ifupdown_owns_the_interfaces_of_its_stanzas(tmp_path: Path, name: str) -> None:
    found = owner(tmp_path, IFUPDOWN, name)
    assert found == Owner(service="ifupdown", source="/etc/network/interfaces.d/setup")


def test_ifupdown_owns_what_it_set_up(tmp_path: Path) -> None:
    found = owner(tmp_path, {"run/network/ifstate": "lo=lo\neth0=work\n"})
    assert found == Owner(service="ifupdown", source="/run/network/ifstate")


def test_a_generator_is_named_with_the_service_that_it_writes_for(tmp_path: Path) -> None:
    files = NETWORKD | {"run/systemd/netif/links/2": "ADMIN_STATE=configured\n", "etc/netplan/50-cloud-init.yaml": ""}
    found = owner(tmp_path, files)
    assert found is not None
    assert found.generator == "netplan"


def test_services_of_the_host_own_nothing_in_another_network_namespace(tmp_path: Path) -> None:
    write_tree(tmp_path, IFUPDOWN | {"proc/self/ns/x": "", "proc/1/ns/x": ""})
    (tmp_path / "proc/self/ns/net").symlink_to("net:[4026532000]")
    (tmp_path / "proc/1/ns/net").symlink_to("net:[4026531840]")
    assert Owners(Tree(str(tmp_path))).owner(Link(name="eth0", index=2)) is None


def test_an_endless_chain_of_includes_ends(tmp_path: Path) -> None:
    files = {"etc/network/interfaces": "source /etc/network/interfaces\nsource /etc/network/*\niface eth0 inet dhcp\n"}
    assert owner(tmp_path, files) is not None
