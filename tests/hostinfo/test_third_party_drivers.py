"""A driver of another distribution is probed, ordered, recorded and replayed like the built-in ones."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

import hostinfo
from hostinfo import registry
from hostinfo.entry_points import find_entry_points
from hostinfo.third_party import ENTRY_POINTS
from tests.support.command import ENTRY, ROOT

PAGE = (ROOT / "docs/drivers.md").read_text()
UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"


class Site:
    """A folder of installed distributions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "TERM")},
            "PYTHONPATH": f"{ROOT}:{folder}",
            "LC_ALL": "C.UTF-8",
            "VMLIST": str(folder / "vms.json"),
        }
        guest = {"name": "web-of-acme7", "uuid": UUID, "vcpus": 2, "memory_bytes": 1 << 30}
        (folder / "vms.json").write_text(json.dumps([guest]))

    def install(self, name: str, module: str, *entries: str) -> None:
        """Install a distribution as pip does: a module, and its metadata in a folder next to it."""
        (self.folder / f"{name}.py").write_text(module)
        info = self.folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("\n".join(["[hostinfo.drivers]", *entries]) + "\n")

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the command line in a process that sees the distributions."""
        return subprocess.run(
            [sys.executable, "-c", ENTRY, *arguments],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def order(self) -> list[str]:
        """The drivers of this host, in order of preference."""
        return [row["name"] for row in json.loads(self.run("support", "--json").stdout)["drivers"]]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def documented(site: Site) -> Site:
    """With the driver of docs/drivers.md."""
    (module,) = re.findall(r"```python\n# vmlist_driver.py\n(.*?)```", PAGE, re.DOTALL)
    ((entry, value),) = re.findall(r'```toml\n\[project.entry-points."hostinfo.drivers"\]\n(\w+) = "(.*)"\n', PAGE)
    site.install("vmlist_driver", module, f"{entry} = {value}")
    return site


ROW = """
from hostinfo import Driver, DriverFactory
def row(name, before=None, **more):
    return DriverFactory(name=name, before=before, probe=lambda: True, open=lambda uri: Driver(name=name), **more)
"""


def test_the_console_examples_of_the_page_run_as_printed(documented: Site) -> None:
    (block,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    wrapper = documented.folder / "hostinfo"
    wrapper.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{ENTRY}' \"$@\"\n")
    wrapper.chmod(0o755)
    environment = documented.environment | {"PATH": f"{documented.folder}:{os.environ['PATH']}"}
    del environment["VMLIST"]
    examples = re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", block, re.MULTILINE)
    assert len(examples) == 6
    assert examples[0][0] == "cat vms.json"
    (documented.folder / "vms.json").write_text(examples[0][1])
    for command, expected in examples:
        ran = subprocess.run(
            ["sh", "-c", command], cwd=documented.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.stdout + ran.stderr == expected, command


def test_the_test_of_the_page_passes(documented: Site) -> None:
    (test,) = re.findall(r"```python\n(from hostinfo.testing.*?)```", PAGE, re.DOTALL)
    (documented.folder / "test_vmlist.py").write_text("from vmlist_driver import open_driver\n" + test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "test_vmlist.py"]
    ran = subprocess.run(
        command, cwd=documented.folder, env=documented.environment, capture_output=True, text=True, check=False
    )
    assert "1 passed" in ran.stdout, ran.stdout


def test_it_is_probed_when_no_uri_is_given(documented: Site) -> None:
    assert documented.run("dump", "guests.guests.name").stdout == "web-of-acme7\n"
    assert documented.order()[-1] == "vmlist"
    (documented.folder / "vms.json").unlink()
    assert "vmlist" not in documented.order()


def test_it_is_recorded_scrubbed_and_replayed(documented: Site) -> None:
    recorded = documented.run("record", "machine")
    assert recorded.returncode == 0, recorded.stderr
    assert "replaced guest name: 1, in 1 places (vmlist/list.json)" in recorded.stdout
    (documented.folder / "vms.json").unlink()
    raw = (documented.folder / "machine/vmlist/list.json").read_text()
    assert "acme" not in raw
    assert UUID not in raw
    names = documented.run("-c", "recorded:machine", "dump", "guests.guests.name")
    assert names.stdout == json.loads(raw)[0]["name"] + "\n"
    drivers = json.loads(documented.run("-c", "recorded:machine", "support", "--json").stdout)["drivers"]
    assert [row["name"] for row in drivers if "guests" in row["groups"]] == ["vmlist"]


def test_a_recorded_driver_that_is_not_installed_is_one_problem(documented: Site) -> None:
    documented.run("record", "machine")
    shutil.rmtree(documented.folder / "vmlist_driver-1.0.dist-info")
    ran = documented.run("-c", "recorded:machine", "dump", "--json")
    assert ran.returncode == 3
    errors = json.loads(ran.stdout)["errors"]
    assert "not installed here" in errors["hostinfo.drivers[vmlist]"]["message"]
    assert json.loads(ran.stdout)["cpu"] is not None


def test_it_precedes_the_driver_that_its_row_names(site: Site) -> None:
    site.install(
        "rows",
        ROW + "def rows(): return [row('first', 'sysfs'), row('second', 'sysfs'), row('last'), row('lost', 'none')]",
        "rows = rows:rows",
    )
    order = site.order()
    assert order[order.index("sysfs") - 2 : order.index("sysfs")] == ["first", "second"]
    assert order[-2:] == ["last", "lost"]


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError"),
        ("raise SystemExit('stop')", "SystemExit"),
        ("row = 7", "TypeError"),
        ("", "AttributeError"),
        (ROW + "row = row('sysfs')", "another driver is named sysfs"),
        (ROW + "row = DriverFactory(name='broken', probe=lambda: 1 / 0, open=lambda uri: None)", "ZeroDivisionError"),
    ],
    ids=["missing module", "exits", "not a row", "no attribute", "name of a built-in driver", "probe fails"],
)
def test_a_broken_driver_is_one_problem_and_not_the_end_of_the_dump(site: Site, module: str, reason: str) -> None:
    site.install("broken", module, "broken = broken:row")
    ran = site.run("dump", "--json")
    document = json.loads(ran.stdout)
    problems = {path: error for path, error in document["errors"].items() if "broken" in str((path, error))}
    assert list(problems) == ["hostinfo.drivers[broken]"]
    assert problems["hostinfo.drivers[broken]"]["kind"] == "Unavailable"
    assert reason in problems["hostinfo.drivers[broken]"]["message"]
    assert document["cpu"]["threads"] == os.cpu_count()
    assert ran.returncode == 3
    single = site.run("dump", "cpu.threads")
    assert (single.stdout, single.returncode) == (f"{os.cpu_count()}\n", 3)
    assert reason in single.stderr


def test_an_error_while_it_opens_is_a_failure_of_its_groups(site: Site) -> None:
    site.install("wrong", ROW + "row = row('wrong').__replace__(open=lambda uri: 1 / 0)", "wrong = wrong:row")
    ran = site.run("dump", "--json")
    errors = json.loads(ran.stdout)["errors"]
    assert [path for path, error in errors.items() if "ZeroDivisionError" in error["message"]] == ["guests"]


def test_an_unknown_scheme_lists_the_known_ones_of_all_distributions(documented: Site) -> None:
    ran = documented.run("-c", "nothing:x", "dump")
    known = ", ".join(sorted({"recorded", "vmlist", *(scheme for row in registry.BUILT_IN for scheme in row.schemes)}))
    assert {"qemu", "sysfs", "xen"} < set(known.split(", "))
    assert ran.stderr == f"hostinfo: nothing: no driver for this URI scheme; known are {known}\n"


def test_entry_points_are_those_of_the_standard_library(documented: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(documented.folder))
    for group in ("hostinfo.drivers", "console_scripts", "pytest11", "no.such.group"):
        assert find_entry_points(group) == {entry.name: entry.value for entry in metadata.entry_points(group=group)}


def test_without_one_the_look_up_takes_at_most_two_milliseconds() -> None:
    taken = []
    for _ in range(20):
        before = time.process_time()
        find_entry_points(ENTRY_POINTS)
        taken.append(time.process_time() - before)
    assert min(taken) < 0.002


def test_every_built_in_driver_offers_only_groups_of_its_row() -> None:
    """A group that is missing in the row would never be read."""
    for row in registry.BUILT_IN:
        assert row.groups <= set(hostinfo.GROUPS)
    for folder in sorted((ROOT / "tests/fixtures").glob("*/machine.toml")):
        for factory in registry.factories(f"recorded:{folder.parent}"):
            try:
                driver = factory.open(factory.uri)
            except hostinfo.HostInfoError:
                continue
            assert driver is None or set(driver.readers) <= factory.groups, (folder, factory.name)
