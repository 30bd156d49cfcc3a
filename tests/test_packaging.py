"""The sdist and the wheel contain every module of the tree, and the wheel works without the checkout."""

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "hostinfo"
# Root folder -> import path. hostinfo/ has symlinks to the other root folders.
TREES = {"hostinfo": "hostinfo"} | {
    link.resolve().name: f"hostinfo/{link.name}" for link in PACKAGE.iterdir() if link.is_symlink()
}

pytestmark = [pytest.mark.wheel, pytest.mark.slow]


def modules_of_the_tree() -> set[str]:
    found = set()
    for folder, name in TREES.items():
        # os.walk does not follow symlinks, so each tree is listed once, from its root.
        for parent, _, files in os.walk(CHECKOUT / folder):
            inside = Path(parent).relative_to(CHECKOUT / folder)
            found |= {str(Path(name) / inside / file) for file in files if file.endswith(".py")}
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of the files that git would commit, and the wheel built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder, CHECKOUT], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


def test_sdist_contains_every_module_as_a_regular_file(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        plain = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert modules_of_the_tree() <= plain


def test_wheel_contains_the_modules_of_the_tree_and_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.endswith(".py")}
    assert packed == modules_of_the_tree()


def test_wheel_adds_one_top_level_name_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name.partition("/")[0] for name in archive.namelist()}
    assert {name for name in names if not name.endswith((".dist-info", ".data"))} == {"hostinfo"}


def test_wheel_contains_the_interface_of_the_service_for_changes(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = "hostinfo/actions/service/org.ovirt.hostinfo.actions.varlink"
        assert archive.read(name) == (CHECKOUT / name).read_bytes()


def test_wheel_contains_the_licence_and_the_marker_of_type_information(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert "hostinfo/py.typed" in archive.namelist()
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        assert "LGPL-2.1-or-later" in archive.read(metadata).decode()
        assert any(name.endswith("licenses/COPYING") for name in archive.namelist())


def test_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    program = tmp_path / "venv/bin/hostinfo"
    install = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([tmp_path / "venv/bin/python", *install, wheel], check=True)
    # In another folder and without the user's modules, so that nothing is imported from the checkout.
    plain = {"PATH": os.defpath, "PYTHONNOUSERSITE": "1"}
    done = subprocess.run([program, "dump", "--json"], cwd=tmp_path, env=plain, stdout=subprocess.PIPE, check=False)
    dump = json.loads(done.stdout)
    assert done.returncode in (0, 3), done
    assert dump["hostinfo"]["version"] == wheel.name.split("-")[1]
    assert done.returncode == 0 or dump["errors"]
