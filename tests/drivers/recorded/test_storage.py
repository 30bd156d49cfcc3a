"""The storage of recordings: files, errors, links and replies are replayed as they were read."""

import dataclasses
import errno
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostinfo.drivers.sources.recorded.file_names import decode, encode
from hostinfo.drivers.sources.recorded.folder_reader import load
from hostinfo.drivers.sources.recorded.folder_writer import save
from hostinfo.drivers.sources.recorded.recorded_sources import record_sources, replay_sources
from hostinfo.drivers.sources.recorded.recording import Recording
from hostinfo.drivers.sources.recorded.reply_store import ReplyStore
from hostinfo.drivers.sources.recorded.trees import RecordedTree, RecordingTree
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.errors import ReadError


def test_every_source_is_recorded_and_replayed(tmp_path: Path) -> None:
    """A new entry of Sources must not be forgotten by the recorder."""
    live_calls: dict[str, Any] = {
        "netlink": lambda name: b"netlink " + name.encode(),
        "ethtool": lambda link, command, size: b"%s %d %d" % (link.encode(), command, size),
        "link_name": lambda index: f"eth{index}",
        "features": lambda link: {link: 7},
        "udev": lambda path: {"ID_MODEL": path},
        "hostnamed": lambda name: name.upper(),
    }
    arguments = {"netlink": ("links",), "ethtool": ("eth0", 3, 9), "link_name": (7,), "features": ("eth0",),
                 "udev": ("/sys/x:1",), "hostnamed": ("Chassis",)}  # fmt: skip
    assert {*live_calls, "tree", "clock"} == {field.name for field in dataclasses.fields(Sources)}
    (tmp_path / "tree/proc").mkdir(parents=True)
    recording = Recording(drivers=("sysfs",), clock=5.25)
    live = Sources(tree=Tree(str(tmp_path / "tree")), **live_calls)
    wrapped = record_sources(live, recording, ReplyStore(recording))
    results = {name: getattr(wrapped, name)(*values) for name, values in arguments.items()}
    save(recording, str(tmp_path / "folder"), is_private=False)
    replayed = replay_sources(load(str(tmp_path / "folder")), str(tmp_path / "folder"))
    for name, values in arguments.items():
        assert getattr(replayed, name)(*values) == results[name] == live_calls[name](*values)
    assert replayed.clock is not None
    assert replayed.clock() == 5.25


def test_errors_of_attributes_are_replayed(tmp_path: Path) -> None:
    """The loopback link has no speed: the kernel results EINVAL, which a plain file cannot."""
    path, recording = "sys/class/net/lo/speed", Recording()
    live = RecordingTree(recording, Tree("/"))
    with pytest.raises(ReadError) as then:
        live.data(path)
    save(recording, str(tmp_path / "folder"), is_private=False)
    with pytest.raises(ReadError) as now:
        RecordedTree(load(str(tmp_path / "folder")), str(tmp_path / "folder/root")).data(path)
    assert (now.value.errno, str(now.value)) == (errno.EINVAL, str(then.value))


def test_replies_fail_as_they_failed(tmp_path: Path) -> None:
    recording = Recording()
    store = ReplyStore(recording)

    def fail() -> bytes:
        raise ReadError("netlink links", "no permission", errno.EPERM)

    with pytest.raises(ReadError):
        store.record("netlink/links.bin", fail)
    save(recording, str(tmp_path / "folder"), is_private=False)
    with pytest.raises(ReadError, match="netlink links: no permission") as error:
        ReplyStore(load(str(tmp_path / "folder")), str(tmp_path / "folder")).replay("netlink/links.bin")
    assert error.value.errno == errno.EPERM


def test_links_directories_and_names_without_files_are_replayed(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "sys/empty").mkdir(parents=True)
    (tree / "sys/0000:00:1f.2 \u00e9").mkdir()
    (tree / "sys/0000:00:1f.2 \u00e9/vendor").write_text("0x8086\n")
    (tree / "sys/device").symlink_to("0000:00:1f.2 \u00e9")
    recording = Recording()
    live = RecordingTree(recording, Tree(str(tree)))

    def read_all(tree: Tree) -> list[object]:
        return [
            tree.names("sys"), tree.names("sys/empty"), tree.is_dir("sys/empty"), tree.is_dir("sys/none"),
            tree.link("sys/device"), tree.link("sys/empty"), tree.text("sys/device/vendor"), tree.exists("sys/device"),
            tree.attribute("sys/0000:00:1f.2 \u00e9/vendor"), tree.attribute("sys/none"), tree.exists("sys/nothing"),
        ]  # fmt: skip

    then = read_all(live)
    assert then[0] == ["0000:00:1f.2 \u00e9", "device", "empty"]
    save(recording, str(tmp_path / "folder"), is_private=False)
    assert read_all(RecordedTree(load(str(tmp_path / "folder")), str(tmp_path / "folder/root"))) == then


PATHS = st.one_of(  # names in the kernel: any bytes but null
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    st.binary(min_size=1).filter(lambda name: 0 not in name).map(lambda name: name.decode("utf-8", "surrogateescape")),
)


@given(PATHS.filter(lambda path: "//" not in path))
def test_names_are_restored_and_hold_nothing_that_other_systems_refuse(path: str) -> None:
    path = path.strip("/") or "x"
    stored = encode(path)
    if stored is not None:
        assert decode(stored) == path
        assert stored.isascii()
        assert not set(stored) & set('<>:"|?*\\ \n\r\t')
        assert not {".", ".."} & set(stored.split("/"))
