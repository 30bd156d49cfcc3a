"""Physical links of this machine against the ethtool program."""

import errno
import os
import shutil
import socket
import subprocess
from collections.abc import Callable

import pytest

from hostinfo.drivers.sources import ethtool
from hostinfo.drivers.sources.netlink.dump_socket import dump
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs.network import read
from hostinfo.errors import ReadError
from hostinfo.model.network import Link


def physical() -> list[str]:
    names = os.listdir("/sys/class/net")
    return [name for name in names if "/virtual/" not in os.path.realpath(f"/sys/class/net/{name}") and os.path.isdir(
        f"/sys/class/net/{name}")]  # fmt: skip


def live(asked: Callable[[str, int, int], bytes] | None = ethtool.read_reply) -> dict[str, Link]:
    sources = Sources(tree=Tree("/"), netlink=dump, ethtool=asked)
    return {link.name: link for link in read(sources, None).value.links}


needs_ethtool = pytest.mark.skipif(
    shutil.which("ethtool", path=os.environ["PATH"] + ":/usr/sbin") is None or not physical(),
    reason="needs the ethtool program as the oracle, and a physical link",
)


def ethtool_says(*arguments: str) -> dict[str, str]:
    environment = os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin", "LC_ALL": "C"}
    run = subprocess.run(["ethtool", *arguments], capture_output=True, text=True, check=True, env=environment)
    pairs = (line.strip().partition(":") for line in run.stdout.splitlines())
    return {key: value.strip() for key, _, value in pairs}


@needs_ethtool
def test_physical_links_have_the_values_of_the_ethtool_program() -> None:
    links = live()
    for name in physical():
        info, settings, ours = ethtool_says("-i", name), ethtool_says(name), links[name]
        assert ours.driver == info["driver"]
        assert ours.bus_address == info["bus-info"]
        assert ours.driver_version == (info["version"] or None)
        assert ours.firmware == (info["firmware-version"] or None)
        speed = settings["Speed"].removesuffix("Mb/s")
        assert ours.speed_mbps == (int(speed) if speed.isdecimal() else None)
        assert ours.duplex == {"Full": "full", "Half": "half"}.get(settings["Duplex"].partition(" ")[0])
        assert ours.autonegotiation == {"on": True, "off": False}.get(settings["Auto-negotiation"])
        assert ours.permanent_mac == ethtool_says("-P", name)["Permanent address"]


@needs_ethtool
def test_offloads_and_rings_are_those_of_the_ethtool_program() -> None:
    pytest.importorskip("ethtool")
    words = {"sg": "scatter-gather", "tso": "tcp-segmentation-offload", "gso": "generic-segmentation-offload",
             "gro": "generic-receive-offload"}  # fmt: skip
    sources = Sources(tree=Tree("/"), netlink=dump, features=ethtool.read_features)
    links = {link.name: link for link in read(sources, None).value.links}
    for name in physical():
        says = ethtool_says("-k", name)
        on = {short for short, word in words.items() if says[word].startswith("on")}
        assert set(links[name].offloads or ()) - {"ufo"} == on
        assert links[name].rx_ring_size == int(ethtool_says("-g", name)["RX"])


@pytest.mark.skipif(not physical(), reason="needs a physical link")
def test_a_link_removed_before_ethtool_is_left_out_alone() -> None:
    def vanished(name: str, command: int, size: int) -> bytes:
        if name == gone:
            raise ReadError(f"ethtool {name}", os.strerror(errno.ENODEV), errno.ENODEV)
        return ethtool.read_reply(name, command, size)

    gone = physical()[0]
    names = {index: name for index, name in socket.if_nameindex() if name != gone}
    sources = Sources(tree=Tree("/"), netlink=dump, ethtool=vanished, link_name=names.get)
    result = read(sources, None)
    assert {link.name for link in result.value.links} == set(live()) - {gone}
    assert gone not in {address.link for address in result.value.addresses}
    assert result.problems == ()
