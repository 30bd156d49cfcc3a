"""A group that is added by a table row, a model and a reader is in all places where groups are shown."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.support import toy_group
from tests.support.trees import write_tree


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source tree with the group, and two hosts: HOST and OTHER."""
    tree = tmp_path_factory.mktemp("toy")
    toy_group.copy_tree(tree)
    toy_group.add_group(tree)
    write_tree(tree / "HOST", {"proc/toys": toy_group.TOYS})
    write_tree(tree / "OTHER", {"proc/toys": toy_group.TOYS.replace("1024", "2048").replace("large", "huge")})
    return tree


def python(tree: Path, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (0, 1, 3), ran.stderr
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran.stdout


def dump(tree: Path, *arguments: str) -> str:
    return python(tree, "-m", "hostinfo", "-c", f"sysfs://{tree}/HOST", "dump", *arguments)


def test_the_page_prints_it_with_labels_units_and_tables(tree: Path) -> None:
    expected = """\
Toy
  Owner            Eve
  Speed            2.5 Gb/s
  New              yes
  Balls (2)
    Name   Weight  Colours
    small  1 KiB   red green
    large  3 GiB   blue
"""
    assert dump(tree, "toy") == expected
    assert expected in dump(tree)
    assert "/proc/toys" in dump(tree, "toy", "--sources")


def test_json_and_yaml_have_it(tree: Path) -> None:
    document = json.loads(dump(tree, "--json"))
    assert document["toy"]["balls"][1] == {"name": "large", "weight_bytes": 3 << 30, "colours": ["blue"]}
    assert document["sources"]["toy"]["balls"] == "/proc/toys"
    assert "    - name: small\n" in dump(tree, "--yaml")


def test_the_schema_describes_it(tree: Path) -> None:
    schema = json.loads(python(tree, "-m", "hostinfo", "schema"))
    assert "toy" in schema["required"]
    assert schema["$defs"]["Ball"]["properties"]["name"]["description"] == "What is written on it."


def test_paths_select_from_it(tree: Path) -> None:
    assert dump(tree, "toy.balls[large].weight_bytes") == f"{3 << 30}\n"
    assert dump(tree, "toy.balls.name") == "small\nlarge\n"


def test_completion_and_help_offer_it(tree: Path) -> None:
    assert "toy\ttoys of the machine room\n" in python(tree, "-m", "hostinfo", "completion", "--words", "+dump", "+")
    assert python(tree, "-m", "hostinfo", "completion", "--words", "+dump", "+toy.ba") == "toy.balls\t\n"
    assert "toys of the machine room" in python(tree, "-m", "hostinfo", "dump", "--help")


def test_support_shows_who_provides_it(tree: Path) -> None:
    assert "toy         provides\n" in python(tree, "-m", "hostinfo", "-c", f"sysfs://{tree}/HOST", "support")


def test_diff_matches_its_items_by_their_key(tree: Path) -> None:
    lines = python(tree, "-m", "hostinfo", "diff", f"sysfs://{tree}/HOST", f"sysfs://{tree}/OTHER").splitlines()
    assert lines == [
        "toy.balls[small].weight_bytes: 1024 -> 2048",
        'toy.balls[large]: {"name": "large", "weight_bytes": 3221225472, "colours": ["blue"]} -> absent',
        'toy.balls[huge]: absent -> {"name": "huge", "weight_bytes": 3221225472, "colours": ["blue"]}',
    ]


def test_the_library_reads_it_by_its_method_and_by_its_name(tree: Path) -> None:
    code = """
import sys, hostinfo
from hostinfo.testing import check_driver
with hostinfo.open(sys.argv[1]) as host:
    print(host.toy().value == host.read("toy").value, host.toy(["owner"]).sources["owner"], hostinfo.GROUPS[-1])
    for driver in host.drivers():
        check_driver(driver)
"""
    assert python(tree, "-c", code, f"sysfs://{tree}/HOST") == "True /proc/toys toy\n"


def test_the_generated_pages_list_it(tree: Path) -> None:
    python(tree, "docs/generate.py")
    facts = (tree / "docs/facts.md").read_text().partition("\n## toy\n")[2]
    assert "| `weight_bytes` | whole number | Its weight; None: not weighed. |" in facts
    assert "sysfs: /proc/toys" in facts
    assert "\n## ball\n" in (tree / "docs/qmf-schema.md").read_text()


def test_the_agent_publishes_it(tree: Path) -> None:
    schema = ET.fromstring(python(tree, "-m", "hostinfo", "schema", "--qmf"))
    classes = {one.get("name"): one for one in schema}
    assert {"toy", "ball"} <= set(classes)
    indexes = [one.get("name") for one in classes["ball"] if one.get("index")]
    assert indexes == ["name"]
    code = """
import json, sys, hostinfo
from hostinfo.agent.node.objects import PUBLISHED_FIELDS, objects_of
with hostinfo.open(sys.argv[1]) as host:
    ((_, result),) = host.read_many({"toy": PUBLISHED_FIELDS["toy"]})
    print(json.dumps({name: values for _, name, values, _ in objects_of("toy", result.value, "agent")}, default=str))
"""
    objects: dict[str, dict[str, Any]] = json.loads(python(tree, "-c", code, f"sysfs://{tree}/HOST"))
    assert list(objects) == ["toy:node", "ball:small", "ball:large"]
    assert objects["ball:large"]["weight"] == 3 << 30
    assert objects["toy:node"]["owner"] == "Eve"
