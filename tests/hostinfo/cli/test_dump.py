"""``hostinfo dump``: the page, single facts, JSON, as a user runs it."""

import json
import os
import re
from pathlib import Path

import pytest

from tests.support import command


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
        (("network.dns",), 'servers: ["192.0.2.53"]\nupstream_servers: []\nsearch: []\noptions: []\n'),
        (("cpu.sockets", "cpu.flags"), "cpu.sockets: 2\ncpu.flags: fpu vme\n"),
        (("cpu.sockets", "--json"), "2\n"),
        (("cpu.sockets", "--sources"), "2  (sample cpu)\n"),
    ],
)
def test_single_facts_are_printed_alone(paths: tuple[str, ...], text: str, tmp_path: Path) -> None:
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
    ran = command.hostinfo(tmp_path, "-c", "sample:unsupported", "dump", "guests.guests")
    assert "no libvirt here" in ran.stderr


def test_facts_of_this_machine_agree_with_uname_and_proc_stat(tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "dump", "system.kernel_release", "system.architecture", "domain.online_cpus")
    uname = os.uname()
    online = len(re.findall(r"(?m)^cpu\d", Path("/proc/stat").read_text()))
    assert ran.stdout.splitlines() == [
        f"system.kernel_release: {uname.release}",
        f"system.architecture: {uname.machine}",
        f"domain.online_cpus: {online}",
    ]


@pytest.mark.parametrize(
    "form", [[], ["system.product"], ["cpu.flags"], ["cpu.mitigations"], ["network"], ["--yaml"], ["--json"]]
)
def test_untrusted_text_cannot_control_the_terminal(form: list[str], tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "-c", "sample:hostile", "dump", *form)
    assert ran.returncode == 0
    assert not set(ran.stdout + ran.stderr) & {"\x1b", "\u2028", "\udcff", "\r", "\0"}
    assert "[2J" in ran.stdout  # escaped, not removed


def test_the_machine_and_the_share_of_this_system_are_shown_side_by_side(tmp_path: Path) -> None:
    page = command.hostinfo(tmp_path, "-c", "sample:whole", "dump").stdout
    assert "Dom0 of Xen 4.17.7" in page
    assert re.search(r"machine +this system\n +CPUs +16 +1\n +Memory +3 GiB +512 MiB\n", page)


def test_problems_are_at_the_end_with_their_reason(tmp_path: Path) -> None:
    page = command.hostinfo(tmp_path, "-c", "sample:partial", "dump").stdout
    assert page.index("Not available") > page.index("Statistics")
    assert "system.serial: /sys/class/dmi/id/product_serial: Permission denied" in page.partition("Not available")[2]


def test_sources_are_shown_on_request(tmp_path: Path) -> None:
    assert "sample memory" in command.hostinfo(tmp_path, "-c", "sample:whole", "dump", "--sources").stdout
    assert "sample memory" not in command.hostinfo(tmp_path, "-c", "sample:whole", "dump").stdout


def test_the_page_shows_every_group(tmp_path: Path) -> None:
    page = command.hostinfo(tmp_path, "-c", "sample:whole", "dump").stdout
    for text in ("Example Box 1", "Example CPU", "20 MiB", "DIMM 0", "192.0.2.5/24", "192.0.2.53", "web", "1 h 1 min"):
        assert text in page


@pytest.mark.parametrize("paths", [["cpu.threads"], ["cpu.threads", "memory.total_bytes"], ["network.links[eth0].mtu"]])
def test_by_path_one_path_has_the_shape_of_several(paths: list[str], tmp_path: Path) -> None:
    ran = command.hostinfo(tmp_path, "-c", "sample:whole", "dump", "--json", "--by-path", *paths)
    assert list(json.loads(ran.stdout)) == paths
    ran = command.hostinfo(tmp_path, "-c", "sample:whole", "dump", "--by-path", *paths)
    assert [line.split(": ")[0] for line in ran.stdout.splitlines()] == paths
