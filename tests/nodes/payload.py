"""What is copied into a node: our wheel, or (for a quick try) the tree in its present state."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tree_copy(target: Path) -> Path:
    """Return the package of the tree, symlinks resolved, as one zip file: many small files are slow over 9p."""
    shutil.copytree(ROOT / "hostinfo", target / "tree/hostinfo", ignore=shutil.ignore_patterns("__pycache__"))
    return Path(shutil.make_archive(str(target / "tree"), "zip", target / "tree"))


def build_wheel(target: Path) -> Path:
    """Build our wheel from a copy, so that nothing is written to the tree; return its path."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as scratch:
        copy = Path(scratch) / "tree"
        unneeded = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "_build", "fixtures")
        shutil.copytree(ROOT, copy, symlinks=True, ignore=unneeded)
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(target), str(copy)]
        subprocess.run(pip, check=True)
    (wheel,) = target.glob("hostinfo-*.whl")
    return wheel
