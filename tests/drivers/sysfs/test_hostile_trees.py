"""Hostile and broken trees: each group is a value or a HostInfoError, in bounded time.

Each case runs in a child process with limits on memory, CPU time and wall time. The tree is that of a real machine,
read through the public API as ``sysfs:///DIR`` and as ``recorded:DIR``.
"""

import errno
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import hostinfo
from hostinfo.recording import record_machine

MEMORY_LIMIT = 600 * 1024 * 1024
CPU_SECONDS = 60
WALL_SECONDS = 240
FIXTURE = Path(__file__).parents[2] / "fixtures" / "qemu-nehalem-bare"

EXTRAS = (
    "etc/hostname", "etc/machine-id", "etc/os-release", "etc/resolv.conf", "etc/machine-info",
    "proc/sys/kernel/hostname", "proc/sys/kernel/random/boot_id", "proc/self/cgroup", "proc/self/mountinfo",
    "proc/net/route", "proc/net/if_inet6", "proc/1/environ", "sys/firmware/dmi/tables/DMI",
    "sys/firmware/dmi/tables/smbios_entry_point", "sys/hypervisor/type", "sys/hypervisor/properties/features",
    "proc/sysinfo", "proc/device-tree/model", "run/systemd/container", "proc/swaps",
)  # fmt: skip
"""Files that readers open and that the machine of the fixture does not have."""

CHILD = """if True:
    import json, resource, sys
    uri, memory, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    import hostinfo
    outcomes = {}
    try:
        with hostinfo.open(uri) as host:
            for group in hostinfo.GROUPS:
                try:
                    result = host.read(group)
                except hostinfo.HostInfoError as error:
                    outcomes[group] = [error.kind, str(error)]
                else:
                    problems = "; ".join(str(problem.error) for problem in result.problems)[:4000]
                    outcomes[group] = ["value", problems + str(result.value)[:100_000]]
    except hostinfo.HostInfoError as error:
        outcomes = dict.fromkeys(hostinfo.GROUPS, [error.kind, str(error)])
    with open("/proc/self/status") as status:  # of this program alone: ru_maxrss is inherited from the parent
        outcomes["peak"] = ["", next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))]
    print(json.dumps(outcomes))
    """


def read_groups(uri: str, *before: str) -> dict[str, list[str]]:
    """Return the outcome of each group; the child must exit by itself, within its limits."""
    command = [*before, sys.executable, "-c", CHILD, uri, str(MEMORY_LIMIT), str(CPU_SECONDS)]
    environment = {**os.environ, "PYTHONPATH": str(Path(hostinfo.__file__).parent.parent)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=WALL_SECONDS, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    outcomes: dict[str, list[str]] = json.loads(done.stdout)
    return outcomes


def files_of(tree: Path) -> list[Path]:
    return [path for path in sorted(tree.rglob("*")) if path.is_file() and not path.is_symlink()]


def empty(path: Path) -> None:
    path.write_bytes(b"")


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def huge(path: Path) -> None:
    os.truncate(path, 100 * 1024 * 1024)


def one_long_line(path: Path) -> None:
    path.write_bytes(path.read_bytes().strip() + b"7" * 300_000)


def random_bytes(path: Path) -> None:
    path.write_bytes(random.Random(str(path.name)).randbytes(4096))


def malformed_numbers(path: Path) -> None:
    words = (b"-1", b"99999999999999999999999", b"0-4294967295", b"NaN", b"\xff\xfe", b"1e999", b":", b"=", b",,,")
    generator = random.Random(path.name)
    path.write_bytes(b"\n".join(b" ".join(generator.choices(words, k=6)) for _ in range(50)))


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def link_out(path: Path) -> None:
    path.unlink()
    path.symlink_to("/" + "../" * 40 + "etc/passwd")


def socket_file(path: Path) -> None:
    import socket

    path.unlink()
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket may have 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    path.unlink()
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero: endless


ATTACKS: list[Callable[[Path], None]] = [
    empty, directory, huge, one_long_line, random_bytes, malformed_numbers,
    fifo, link_to_itself, link_out, socket_file, device,
]  # fmt: skip


@pytest.fixture(scope="module")
def plain_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine's files, under their own names."""
    tree = tmp_path_factory.mktemp("plain") / "tree"
    for path in files_of(FIXTURE / "root"):
        copy = tree / str(path.relative_to(FIXTURE / "root")).replace("%3A", ":")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    for extra in EXTRAS:
        (tree / extra).parent.mkdir(parents=True, exist_ok=True)
        (tree / extra).touch()
    return tree


def check(outcomes: dict[str, list[str]]) -> None:
    peak = int(outcomes.pop("peak")[1])
    assert outcomes.keys() == set(hostinfo.GROUPS)
    assert [entry for entry in outcomes.items() if "internal error" in entry[1][1]] == []
    assert peak < MEMORY_LIMIT // 1024
    assert not any("root:x:0" in text for _, text in outcomes.values())  # of /etc/passwd


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_tree_of_such_files_is_read_or_rejected_in_time(
    plain_tree: Path, tmp_path: Path, attack: Callable[[Path], None]
) -> None:
    if attack is device and os.geteuid() != 0:
        pytest.skip("only root may create a device")
    shutil.copytree(plain_tree, tmp_path / "tree")
    for path in files_of(tmp_path / "tree"):
        attack(path)
    check(read_groups(f"sysfs://{tmp_path}/tree"))


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_recording_of_such_files_is_read_or_rejected_in_time(tmp_path: Path, attack: Callable[[Path], None]) -> None:
    if attack is device and os.geteuid() != 0:
        pytest.skip("only root may create a device")
    record_machine(str(tmp_path / "machine"))
    manifest = (tmp_path / "machine/machine.toml").read_bytes()
    for path in files_of(tmp_path / "machine"):
        attack(path)
    check(read_groups(f"recorded:{tmp_path}/machine"))
    if (tmp_path / "machine/machine.toml").is_dir():
        (tmp_path / "machine/machine.toml").rmdir()
    else:
        (tmp_path / "machine/machine.toml").unlink()
    (tmp_path / "machine/machine.toml").write_bytes(manifest)  # now all but the manifest is hostile
    check(read_groups(f"recorded:{tmp_path}/machine"))


@pytest.mark.slow
def test_unreadable_files_are_reported_as_such(plain_tree: Path, tmp_path: Path) -> None:
    """Directories are accessible, no file is readable; root drops its capabilities."""
    shutil.copytree(plain_tree, tmp_path / "tree")
    for path in files_of(tmp_path / "tree"):
        path.chmod(0)
    powerless = ("setpriv", "--inh-caps=-all", "--bounding-set=-all") if os.geteuid() == 0 else ()
    outcomes = read_groups(f"sysfs://{tmp_path}/tree", *powerless)
    denied = [group for group, (_, text) in outcomes.items() if os.strerror(errno.EACCES) in str(text)]
    assert {"cpu", "memory"} <= set(denied)
    check(outcomes)


@pytest.mark.slow
def test_endless_directories_and_names_of_any_kind(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for folder in ("sys/devices/system/cpu", "sys/class/net", "sys/devices/system/node", "sys/class/dmi/id", "proc"):
        (tree / folder).mkdir(parents=True)
        (tree / folder / "loop").symlink_to(".")
        (tree / folder / "up").symlink_to("../" * 60)
        (tree / folder / "cpu\n0").mkdir()
        (tree / folder / ("n" * 255)).mkdir()
        os.mkdir(os.fsencode(tree / folder) + b"/\xff\xfe")
        for number in (0, 7, 10**30):
            (tree / folder / f"cpu{number}").symlink_to(".")
            (tree / folder / f"node{number}").symlink_to("loop/loop/loop")
    for number in range(500):
        (tree / f"sys/class/net/eth{number}").symlink_to("loop")
    check(read_groups(f"sysfs://{tree}"))


@pytest.mark.slow
def test_a_huge_list_of_names_and_errors_is_rejected_in_time(tmp_path: Path) -> None:
    (tmp_path / "machine.toml").write_text(
        "format = 1\n[errors]\n" + "".join(f'"{n}" = "EIO"\n' for n in range(600_000))
    )
    outcomes = read_groups(f"recorded:{tmp_path}")
    check(dict(outcomes))
    assert outcomes["cpu"][0] == "Unavailable"
    (tmp_path / "machine.toml").write_text("format = 1\n")
    with open(tmp_path / "names.txt", "wb") as names:
        names.truncate(1 << 30)
    outcomes = read_groups(f"recorded:{tmp_path}")
    check(dict(outcomes))
    assert outcomes["cpu"][0] == "Unavailable"
