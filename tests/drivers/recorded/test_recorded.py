"""A recorded machine tells what the machine told, and a folder that is none says so."""

import dataclasses
import errno
import os
import stat
import subprocess
import sys
import time
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hostinfo
from hostinfo.drivers.recorded import record
from hostinfo.drivers.recorded.folder import load, save
from hostinfo.drivers.sources.recorded.file_names import decode, encode
from hostinfo.drivers.sources.recorded.recording import Recording
from hostinfo.drivers.sources.recorded.reply_store import Tape
from hostinfo.drivers.sources.recorded.trees import ListeningTree, RecordedTree
from hostinfo.drivers.sources.sources import Sources
from hostinfo.drivers.sources.tree import Tree
from hostinfo.errors import HostInfoError, ReadError, RecordingError, Unavailable
from hostinfo.groups import TABLE
from hostinfo.output.diff import VOLATILE

CHANGING = {path.rpartition(".")[2] for path in VOLATILE} - {"boot_id"}
"""Names of fields that change from one moment to the next on any machine."""
STABLE_GROUPS = [name for name, group in TABLE.items() if not group.is_volatile]


def plain(value: Any) -> Any:
    """A fact as plain data without what is volatile."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if field.name not in CHANGING]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return dict(value) if isinstance(value, dict) else value


def shape(value: Any) -> Any:
    """What is there, whatever it says."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else type(value).__name__


def told(host: hostinfo.HostInfo, group: str) -> Any:
    try:
        return plain(host.read(group).value)
    except HostInfoError as error:
        return type(error).__name__


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "machine"
    record(str(folder), raw=True)
    return folder


@pytest.fixture(scope="module")
def scrubbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scrubbed") / "machine"
    record(str(folder))
    return folder


@pytest.mark.parametrize("group", STABLE_GROUPS)
def test_raw_recording_tells_what_the_machine_tells(raw: Path, group: str) -> None:
    with hostinfo.open() as live, hostinfo.open(f"recorded:{raw}") as replayed:
        assert told(replayed, group) == told(live, group)


@pytest.mark.parametrize("group", STABLE_GROUPS)
def test_scrubbed_recording_has_the_same_structure(raw: Path, scrubbed: Path, group: str) -> None:
    with hostinfo.open(f"recorded:{raw}") as before, hostinfo.open(f"recorded:{scrubbed}") as after:
        assert shape(told(after, group)) == shape(told(before, group))


@pytest.mark.parametrize("group", ["cpu", "memory", "numa", "hypervisor", "domain"])
def test_scrubbing_leaves_facts_that_are_no_secret(raw: Path, scrubbed: Path, group: str) -> None:
    with hostinfo.open(f"recorded:{raw}") as before, hostinfo.open(f"recorded:{scrubbed}") as after:
        one, other = told(before, group), told(after, group)
        if group == "memory" and isinstance(one, dict):
            for dimm in (*one["dimms"], *other["dimms"]):
                for secret in ("serial", "asset_tag"):
                    dimm.pop(secret, None)
        assert other == one


def test_statistics_are_replayed_with_the_time_of_the_recording(raw: Path) -> None:
    with hostinfo.open(f"recorded:{raw}") as host:
        moment = host.statistics().value.time
        again = host.statistics().value.time
    recorded = (raw / "machine.toml").stat().st_mtime
    told_then = time.mktime(time.strptime(moment[:19] + " UTC", "%Y-%m-%dT%H:%M:%S %Z")) - time.timezone
    assert again == moment
    assert abs(told_then - recorded) < 5


def test_recording_again_from_a_recording_keeps_it(raw: Path, tmp_path: Path) -> None:
    record(str(tmp_path / "copy"), f"recorded:{raw}", raw=True)
    copied = {path.relative_to(tmp_path / "copy"): path for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert copied.keys() == {path.relative_to(raw) for path in raw.rglob("*") if path.is_file()}
    for name, path in copied.items():
        assert path.read_bytes() == (raw / name).read_bytes(), name


def test_every_entry_of_the_kernel_is_recorded_and_replayed(tmp_path: Path) -> None:
    """A new source of the sysfs driver must not be forgotten by the recorder."""
    from hostinfo.drivers.recorded import sources as kernels

    told: dict[str, Any] = {
        "netlink": lambda name: b"netlink " + name.encode(),
        "ethtool": lambda link, command, size: b"%s %d %d" % (link.encode(), command, size),
        "features": lambda link: {link: 7},
        "udev": lambda path: {"ID_MODEL": path},
        "hostnamed": lambda name: name.upper(),
    }
    questions = {"netlink": ("links",), "ethtool": ("eth0", 3, 9), "features": ("eth0",), "udev": ("/sys/x:1",),
                 "hostnamed": ("Chassis",)}  # fmt: skip
    assert {*told, "tree", "clock"} == {field.name for field in dataclasses.fields(Sources)}
    (tmp_path / "tree/proc").mkdir(parents=True)
    recording = Recording(drivers=("sysfs",), clock=5.25)
    live = Sources(tree=Tree(str(tmp_path / "tree")), **told)
    heard = kernels.listening(live, recording, Tape(recording))
    answers = {name: getattr(heard, name)(*question) for name, question in questions.items()}
    save(recording, str(tmp_path / "folder"), is_private=False)
    replayed = kernels.recorded(load(str(tmp_path / "folder")), str(tmp_path / "folder"))
    for name, question in questions.items():
        assert getattr(replayed, name)(*question) == answers[name] == told[name](*question)
    assert replayed.clock is not None
    assert replayed.clock() == 5.25


def test_errors_of_attributes_are_replayed(tmp_path: Path) -> None:
    """The loopback link has no speed: the kernel answers EINVAL, which a plain file cannot."""
    path, recording = "sys/class/net/lo/speed", Recording()
    live = ListeningTree(recording, Tree("/"))
    with pytest.raises(ReadError) as then:
        live.data(path)
    save(recording, str(tmp_path / "folder"), is_private=False)
    with pytest.raises(ReadError) as now:
        RecordedTree(load(str(tmp_path / "folder")), str(tmp_path / "folder/root")).data(path)
    assert (now.value.errno, str(now.value)) == (errno.EINVAL, str(then.value))


def test_replies_fail_as_they_failed(tmp_path: Path) -> None:
    recording = Recording()
    tape = Tape(recording)

    def fail() -> bytes:
        raise ReadError("netlink links", "no permission", errno.EPERM)

    with pytest.raises(ReadError):
        tape.keep("netlink/links.bin", fail)
    save(recording, str(tmp_path / "folder"), is_private=False)
    with pytest.raises(ReadError, match="netlink links: no permission") as error:
        Tape(load(str(tmp_path / "folder")), str(tmp_path / "folder")).answer("netlink/links.bin")
    assert error.value.errno == errno.EPERM


def test_links_directories_and_names_without_files_are_replayed(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "sys/empty").mkdir(parents=True)
    (tree / "sys/0000:00:1f.2 \u00e9").mkdir()
    (tree / "sys/0000:00:1f.2 \u00e9/vendor").write_text("0x8086\n")
    (tree / "sys/device").symlink_to("0000:00:1f.2 \u00e9")
    recording = Recording()
    live = ListeningTree(recording, Tree(str(tree)))

    def asked(tree: Tree) -> list[object]:
        return [
            tree.names("sys"), tree.names("sys/empty"), tree.is_dir("sys/empty"), tree.is_dir("sys/none"),
            tree.link("sys/device"), tree.link("sys/empty"), tree.text("sys/device/vendor"), tree.exists("sys/device"),
            tree.attribute("sys/0000:00:1f.2 \u00e9/vendor"), tree.attribute("sys/none"), tree.exists("sys/nothing"),
        ]  # fmt: skip

    then = asked(live)
    assert then[0] == ["0000:00:1f.2 \u00e9", "device", "empty"]
    save(recording, str(tmp_path / "folder"), is_private=False)
    assert asked(RecordedTree(load(str(tmp_path / "folder")), str(tmp_path / "folder/root"))) == then


PATHS = st.one_of(  # what the kernel gives as names: any bytes but null
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    st.binary(min_size=1).filter(lambda name: 0 not in name).map(lambda name: name.decode("utf-8", "surrogateescape")),
)


@given(PATHS.filter(lambda path: "//" not in path))
def test_names_survive_and_hold_nothing_that_other_systems_refuse(path: str) -> None:
    path = path.strip("/") or "x"
    stored = encode(path)
    if stored is not None:
        assert decode(stored) == path
        assert stored.isascii()
        assert not set(stored) & set('<>:"|?*\\ \n\r\t')
        assert not {".", ".."} & set(stored.split("/"))


# -- writing ---------------------------------------------------------------------------------------------------------


def test_a_raw_recording_is_readable_to_its_owner_only(raw: Path) -> None:
    for path in (raw, *raw.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_scrubbed_recording_is_readable_to_all(scrubbed: Path) -> None:
    for path in (scrubbed, *scrubbed.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RecordingError, match="something already"):
        record(str(tmp_path))
    with pytest.raises(RecordingError, match="is not a folder"):
        record(str(tmp_path / "file"))
    assert sorted(os.listdir(tmp_path)) == ["file"]
    (tmp_path / "empty").mkdir()
    record(str(tmp_path / "empty"))
    assert (tmp_path / "empty/machine.toml").is_file()


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    code = """if True:
        import resource, sys
        from hostinfo.drivers.recorded import record
        from hostinfo.errors import RecordingError
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
        try:
            record(sys.argv[1])
        except RecordingError as error:
            print(error)
        """
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "new")], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{tmp_path}/new: can't be written: File too large\n"
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_one_message() -> None:
    with pytest.raises(RecordingError, match=r"^/proc/new/machine: can't be written: "):
        record("/proc/new/machine")


def test_recording_takes_under_two_seconds_of_cpu(tmp_path: Path) -> None:
    before = time.process_time()
    report = record(str(tmp_path / "machine"))
    assert time.process_time() - before < 2
    assert report.size_bytes == sum(path.stat().st_size for path in (tmp_path / "machine").rglob("*") if path.is_file())
    assert report.files == sum(path.is_file() for path in (tmp_path / "machine/root").rglob("*"))


# -- folders that are no recording -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "no machine.toml in it"),
        ("format = ", "Invalid value"),
        ("format = 0", "no format number"),
        ("format = true\n[errors]", "no format number"),
        ("", "no format number"),
        ("format = 99", "recorded in format 99, and this hostinfo reads up to 1"),
        ("format = 1\na = " + "[" * 5000, "machine.toml"),
        ("\xff\xfe", "machine.toml"),
    ],
)
def test_a_folder_that_is_no_recording_is_refused(tmp_path: Path, manifest: str | None, message: str) -> None:
    if manifest is not None:
        (tmp_path / "machine.toml").write_bytes(manifest.encode("latin-1"))
    with pytest.raises(Unavailable, match=message) as error:
        hostinfo.open(f"recorded:{tmp_path}")
    assert str(error.value).startswith(str(tmp_path))


@pytest.mark.parametrize("clock", ["1e999", "-5", "nan", "inf", "9" * 400, "1e300", '"now"', "[1]"])
def test_a_hostile_clock_is_no_clock(tmp_path: Path, clock: str) -> None:
    (tmp_path / "machine.toml").write_text(f"format = 1\nclock = {clock}\n")
    (tmp_path / "root/proc").mkdir(parents=True)
    with hostinfo.open(f"recorded:{tmp_path}") as host:
        assert host.statistics().value.time.startswith("1970-01-01T00:00:00")


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no such folder"):
        hostinfo.open(f"recorded:{tmp_path}/none")
    with pytest.raises(Unavailable, match="write recorded:DIR"):
        hostinfo.open("recorded:")


def test_a_hostile_recording_leads_nowhere_else(tmp_path: Path) -> None:
    """Neither a symbolic link in the folder nor a name in its lists may reach a file of this machine."""
    (tmp_path / "secret").write_text("processor\t: 0\nmodel name\t: SECRET\n")
    folder = tmp_path / "folder"
    (folder / "root/proc").mkdir(parents=True)
    (folder / "root/proc/cpuinfo").symlink_to(tmp_path / "secret")
    (folder / "netlink").mkdir()
    (folder / "netlink/links.bin").symlink_to(tmp_path / "secret")
    (folder / "names.txt").write_text("sys/devices/system/cpu/ ../../../../secret %2E%2E cpu0\n")
    (folder / "machine.toml").write_text(
        'format = 1\ndrivers = ["sysfs"]\n[links]\n"sys/class/net/x" = "../../../.."\n'
    )
    with hostinfo.open(f"recorded:{folder}") as host:
        for group in hostinfo.GROUPS:
            assert "SECRET" not in str(told(host, group))
    recording = load(str(folder))
    assert RecordedTree(recording, str(folder / "root")).attribute("../secret") is None
    with pytest.raises(ReadError):
        Tape(recording, str(folder)).answer("../secret")
    with pytest.raises(ReadError):
        Tape(recording, str(folder)).answer("netlink/links.bin")
