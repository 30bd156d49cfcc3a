"""What is carried into a node: our own wheel, or (to try something quickly) the tree as it stands."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tree_copy(target: Path) -> Path:
    """The package as the tree has it now, its symlinks as folders, in one file: many small ones are slow over 9p."""
    shutil.copytree(ROOT / "hostinfo", target / "tree/hostinfo", ignore=shutil.ignore_patterns("__pycache__"))
    return Path(shutil.make_archive(str(target / "tree"), "zip", target / "tree"))


def build_wheel(target: Path) -> Path:
    """Our wheel, built from a copy, so that nothing is written to the tree."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as scratch:
        copy = Path(scratch) / "tree"
        unneeded = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "_build", "fixtures")
        shutil.copytree(ROOT, copy, symlinks=True, ignore=unneeded)
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(target), str(copy)]
        subprocess.run(pip, check=True)
    (wheel,) = target.glob("hostinfo-*.whl")
    return wheel
