"""Links that are renamed, removed or suspended while they are read: ENODEV for a name is not ENODEV for an index."""

import errno
import os

from hostinfo.drivers.sources.ethtool import ETHTOOL_GDRVINFO
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.drivers.sysfs.network import read
from hostinfo.errors import ReadError
from hostinfo.fact import GroupResult
from hostinfo.model.network import Network
from tests.support.network_tree import MAC, NetworkTree
from tests.support.rtnetlink import NATIVE as TO

ETH0 = TO.link(2, "eth0", TO.attribute(56, "0000:00:04.0"), TO.attribute(57, "pci"),
               TO.attribute(1, bytes.fromhex(MAC.replace(":", "")))) + TO.end  # fmt: skip


def read_links(machine: NetworkTree, names: dict[int, str] | None, answering: tuple[str, ...]) -> GroupResult[Network]:
    """Read eth0 where ethtool knows ``answering`` only; ``names``: the kernel's names by index, None: not known."""

    def ethtool(name: str, command: int, size: int) -> bytes:
        if name not in answering:
            raise ReadError(f"ethtool {name}", os.strerror(errno.ENODEV), errno.ENODEV)
        if command != ETHTOOL_GDRVINFO:
            raise ReadError(f"ethtool {name}", os.strerror(errno.EOPNOTSUPP), errno.EOPNOTSUPP)
        return (
            bytes(4) + b"igb".ljust(32, b"\0") + b"5.6".ljust(32, b"\0") + b"3.25".ljust(32, b"\0") + bytes(size - 100)
        )

    sources = Sources(
        tree=Tree(str(machine.root)),
        netlink={"links": ETH0}.__getitem__,
        ethtool=ethtool,
        link_name=None if names is None else names.get,
    )
    return read(sources, frozenset({"links"}))


def test_a_link_renamed_during_the_dump_is_read_by_its_index(machine: NetworkTree) -> None:
    device = machine.pci("0000:00:04.0", "igb", "0x8086", "0x1521")
    machine.net("ens3", 2, device, speed="1000")
    for names in (None, {2: "ens3"}):
        result = read_links(machine, names, ("ens3",))
        (link,) = result.value.links
        assert (link.name, link.driver, link.firmware, link.bus_address) == ("eth0", "igb", "3.25", "0000:00:04.0")
        assert link.vendor_id == "0x8086"
        assert result.problems == ()


def test_a_renamed_link_stays_when_no_name_answers(machine: NetworkTree) -> None:
    machine.write("sys/class/net/ens3/ifindex", "2")
    result = read_links(machine, None, ())
    assert [link.index for link in result.value.links] == [2]
    assert [problem.path for problem in result.problems] == ["links"]


def test_an_index_of_another_namespace_is_not_the_renamed_link(machine: NetworkTree) -> None:
    machine.net("ens3", 2, machine.pci("0000:00:07.0", "virtio", "0x1af4", "0x1041"), address="52:54:00:00:00:99")
    assert read_links(machine, None, ("ens3",)).value.links == ()


def test_a_removed_link_is_left_out_without_a_problem(machine: NetworkTree) -> None:
    result = read_links(machine, {}, ())
    assert (result.value.links, result.problems) == ((), ())


def test_a_suspended_device_answers_enodev_and_is_still_there(machine: NetworkTree) -> None:
    """The kernel returns ENODEV for each ethtool command while the device is suspended (netif_device_present)."""
    machine.net("eth0", 2, machine.pci("0000:00:04.0", "igb", "0x8086", "0x1521"))
    for names in (None, {2: "eth0"}):
        result = read_links(machine, names, ())
        assert [(link.name, link.driver, link.is_physical) for link in result.value.links] == [("eth0", "igb", True)]
        assert [problem.path for problem in result.problems] == ["links"]
