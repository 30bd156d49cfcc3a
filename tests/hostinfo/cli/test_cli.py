"""The command line as a user meets it: exit statuses, streams, terminals."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import hostinfo
from hostinfo.cli import COMMANDS
from tests.support import command, sample_driver

GROUPS = ("system", "hypervisor", "domain", "cpu", "memory", "numa", "network", "guests", "statistics")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("-c", "sample:whole", "dump"), 0),
        (("-c", "sample:untold", "dump"), 0),  # that nobody can tell guests is no failure
        (("-c", "sample:partial", "dump"), 3),
        (("-c", "sample:partial", "dump", "--json"), 3),
        (("-c", "sample:partial", "dump", "--yaml"), 3),
        (("-c", "sample:broken", "dump"), 1),
        (("-c", "sample:broken", "dump", "--json"), 1),
        (("-c", "sample:partial", "dump", "system"), 3),
        (("-c", "sample:partial", "dump", "cpu", "memory"), 0),  # what failed was not asked for
        (("-c", "sample:partial", "dump", "system.serial"), 1),
        (("-c", "sample:partial", "dump", "system.serial", "system.product"), 3),
        (("-c", "sample:partial", "dump", "system.product"), 0),
        (("-c", "sample:whole", "dump", "network.links[eth9].mac"), 1),
        (("-c", "sample:whole", "dump", "cpu.cpuid_level"), 0),  # absent, and that is told
        (("-c", "sample:untold", "dump", "guests"), 1),
        (("-c", "nobody:knows", "dump"), 1),
        (("dump", "cpu.modl_name"), 2),
        (("dump", "--json", "--yaml"), 2),
        (("dump", "--jsn"), 2),
        (("nothing",), 2),
        ((), 2),
        (("--version",), 0),
        (("dump", "--help"), 0),
    ],
)
def test_the_exit_status_says_how_much_was_told(arguments: tuple[str, ...], status: int, tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, *arguments)
    assert ran.returncode == status, ran.stderr
    assert "Traceback" not in ran.stderr
    if status and "--json" not in arguments and "--yaml" not in arguments:
        assert ran.stderr or re.search("Not available|Not provided by any source", ran.stdout)


def test_only_what_a_path_needs_is_read(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "-c", "sample:careful", "dump", "cpu.model_name")
    assert (ran.returncode, ran.stdout) == (0, "Example CPU\n")


def test_only_cpuinfo_is_opened_for_the_model_name(tmp_path: Path) -> None:
    for folder in ("proc", "sys"):
        (tmp_path / "tree" / folder).mkdir(parents=True)
    (tmp_path / "tree/proc/cpuinfo").write_text("processor\t: 0\nmodel name\t: Tree CPU\n\n")
    ran = command.hostinfo(tmp_path, "-c", f"sysfs://{tmp_path}/tree", "dump", "cpu.model_name")
    assert (ran.returncode, ran.stdout) == (0, "Tree CPU\n")


@pytest.mark.parametrize(
    ("paths", "text"),
    [
        (("memory.total_bytes",), "3221225472\n"),
        (("cpu.flags",), "fpu\nvme\n"),
        (("network.links.name",), "lo\neth0\neth1\nbond0\nbond0.100\nbr100\n"),
        (("cpu.processors[9].core_id",), "0\n"),
        (("domain.is_whole_machine",), "false\n"),
        (("cpu.kinds",), ""),
        (("network.dns",), 'servers: ["192.0.2.53"]\nsearch: []\noptions: []\n'),
        (("cpu.sockets", "cpu.flags"), "cpu.sockets: 2\ncpu.flags: fpu vme\n"),
        (("cpu.sockets", "--json"), "2\n"),
        (("cpu.sockets", "--sources"), "2  (sample cpu)\n"),
    ],
)
def test_single_facts_print_bare(paths: tuple[str, ...], text: str, tmp_path: Path) -> None:
    assert command.hostinfo(tmp_path, "-c", "sample:whole", "dump", *paths).stdout == text


def test_json_of_several_paths_is_an_object_of_them(tmp_path: Path) -> None:
    run = command.hostinfo(tmp_path, "-c", "sample:whole", "dump", "--json", "cpu.sockets", "memory.swap")
    assert json.loads(run.stdout) == {"cpu.sockets": 2, "memory.swap": {"total_bytes": 1 << 30, "free_bytes": 1 << 30}}
    run = command.hostinfo(tmp_path, "-c", "sample:whole", "dump", "--json", "--sources", "cpu.sockets", "cpu.stepping")
    assert json.loads(run.stdout)["cpu.sockets"] == {"value": 2, "source": "sample cpu"}


def test_a_missing_value_has_its_reason_on_standard_error(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "-c", "sample:partial", "dump", "system.serial")
    assert ran.stdout == ""
    assert "/sys/class/dmi/id/product_serial: Permission denied" in ran.stderr
    ran = command.hostinfo(tmp_path, "-c", "sample:whole", "dump", "cpu.cpuid_level")
    assert ran.stderr == "hostinfo: cpu.cpuid_level: not x86\n"
    ran = command.hostinfo(tmp_path, "-c", "sample:untold", "dump", "guests.guests")
    assert "no libvirt here" in ran.stderr


def test_this_machine_answers_with_what_the_kernel_says(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "dump", "system.kernel_release", "system.architecture", "domain.online_cpus")
    uname = os.uname()
    online = len(re.findall(r"(?m)^cpu\d", Path("/proc/stat").read_text()))
    assert ran.stdout.splitlines() == [
        f"system.kernel_release: {uname.release}",
        f"system.architecture: {uname.machine}",
        f"domain.online_cpus: {online}",
    ]


def test_python_m_hostinfo_is_the_same_command(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "hostinfo", "--version"],
        env=command.environment(tmp_path),
        capture_output=True,
        check=True,
    )
    assert ran.stdout.decode() == f"hostinfo {hostinfo.__version__}\n"


@pytest.mark.parametrize("name", [name for name, _, _ in COMMANDS])
def test_every_command_helps_with_examples(name: str, tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, name, "--help")
    assert ran.returncode == 0
    assert "examples:" in ran.stdout
    assert f"hostinfo {name}" in ran.stdout


def test_every_example_of_dump_is_a_command_line_that_parses() -> None:
    from hostinfo.cli import command_module
    from hostinfo.cli.parser import parse

    for name, _, _ in COMMANDS:
        for example, _ in command_module(name).EXAMPLES:
            line = re.split(r" [|>] ", example)[-1 if example.startswith("ssh") else 0]
            words = line.removeprefix("sudo ").split()
            assert words[0] == "hostinfo"
            parse(words[1:])


def spawn(tmp_path: Path, *arguments: str, out: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", command.ENTRY, *arguments],
        env=command.environment(tmp_path),
        stdout=out,
        stderr=subprocess.PIPE,
    )


def test_a_closed_pipe_is_no_noise(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    child = spawn(tmp_path, "-c", "sample:many/2000", "dump", "--json", out=write)
    os.close(write)
    _, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (141, b"")


@pytest.mark.parametrize("form", [[], ["--json"], ["--yaml"], ["cpu.model_name"]])
def test_a_full_disk_is_said(form: list[str], tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        child = spawn(tmp_path, "-c", "sample:whole", "dump", *form, out=full.fileno())
        _, errors = child.communicate(timeout=60)
    assert child.returncode == 1
    assert errors == b"hostinfo: standard output: No space left on device\n"


def test_a_closed_standard_output_is_said(tmp_path: Path) -> None:
    ran = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-c", command.ENTRY, "-c", "sample:whole", "dump"],
        env=command.environment(tmp_path),
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (1, b"hostinfo: standard output: closed\n")


def test_an_interrupt_ends_it_quietly(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's child would ignore it
    try:
        child = spawn(tmp_path, "-c", "sample:slow", "dump", "system.product", out=subprocess.DEVNULL)
    finally:
        signal.signal(signal.SIGINT, before)
    with child:
        assert child.stderr is not None
        assert child.stderr.readline() == b"asleep\n"
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
    assert (child.returncode, errors) == (130, b"")


def on_terminal(tmp_path: Path, *arguments: str, **more: str) -> str:
    """What it shows on a terminal of its own."""
    mine, theirs = pty.openpty()
    environment = command.environment(tmp_path, **{"TERM": "xterm", "COLUMNS": "80"} | more)
    child = subprocess.Popen(
        [sys.executable, "-c", command.ENTRY, *arguments], env=environment, stdout=theirs, stdin=theirs
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(mine, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(mine)
    child.wait(timeout=30)
    return shown.decode()


def test_colour_is_for_terminals_that_want_it(tmp_path: Path) -> None:
    arguments = ("-c", "sample:whole", "dump", "cpu")
    assert "\x1b[1m" in on_terminal(tmp_path, *arguments)
    assert "\x1b" not in on_terminal(tmp_path, *arguments, NO_COLOR="1")
    assert "\x1b" not in on_terminal(tmp_path, *arguments, TERM="dumb")
    assert "\x1b" not in command.hostinfo(tmp_path, *arguments, TERM="xterm").stdout


def test_lines_fit_the_terminal(tmp_path: Path) -> None:
    shown = on_terminal(tmp_path, "dump", "cpu", COLUMNS="60", NO_COLOR="1")
    assert max(len(line) for line in shown.splitlines() if " " in line.strip()) <= 62


@pytest.mark.parametrize(
    "form", [[], ["system.product"], ["cpu.flags"], ["cpu.mitigations"], ["network"], ["--yaml"], ["--json"]]
)
def test_text_from_strangers_commands_no_terminal(form: list[str], tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "-c", "sample:hostile", "dump", *form)
    assert ran.returncode == 0
    assert not set(ran.stdout + ran.stderr) & {"\x1b", "\u2028", "\udcff", "\r", "\0"}
    assert "[2J" in ran.stdout  # it is there, shown as what it is


def test_an_ascii_stream_gets_ascii(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "-c", "sample:whole", "dump", PYTHONIOENCODING="ascii:strict")
    assert ran.returncode == 0
    assert "`- eth1" in ran.stdout
    assert "2 sockets x 4 cores x 2 threads = 16 CPUs" in ran.stdout


def test_the_machine_stands_beside_what_this_system_was_given(tmp_path: Path) -> None:
    page = command.hostinfo(tmp_path, "-c", "sample:whole", "dump").stdout
    assert "Dom0 of Xen 4.17.7" in page
    assert re.search(r"machine +this system\n +CPUs +16 +1\n +Memory +3 GiB +512 MiB\n", page)


def test_problems_stand_at_the_end_with_their_reason(tmp_path: Path) -> None:
    page = command.hostinfo(tmp_path, "-c", "sample:partial", "dump").stdout
    assert page.index("Not available") > page.index("Statistics")
    assert "system.serial: /sys/class/dmi/id/product_serial: Permission denied" in page.partition("Not available")[2]


def test_sources_are_shown_where_asked(tmp_path: Path) -> None:
    assert "sample memory" in command.hostinfo(tmp_path, "-c", "sample:whole", "dump", "--sources").stdout
    assert "sample memory" not in command.hostinfo(tmp_path, "-c", "sample:whole", "dump").stdout


def test_the_page_shows_every_group(tmp_path: Path) -> None:
    page = command.hostinfo(tmp_path, "-c", "sample:whole", "dump").stdout
    for text in ("Example Box 1", "Example CPU", "20 MiB", "DIMM 0", "192.0.2.5/24", "192.0.2.53", "web", "1 h 1 min"):
        assert text in page
    assert set(GROUPS) == set(sample_driver.WHOLE)
