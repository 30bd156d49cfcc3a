"""The worked example of docs/recording.md is executed as it is printed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import hostinfo

PAGE = Path(__file__).parents[3] / "docs" / "recording.md"


def test_a_third_partys_test_on_recorded_machines_passes(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert [name for name, _ in blocks] == ["capacity.py", "test_capacity.py"]
    for name, text in blocks:
        (tmp_path / name).write_text(text)
    for name in ("qemu-q35-xen", "qemu-nehalem-xen", "qemu-q35-kvm"):
        shutil.copytree(Path(__file__).parents[2] / "fixtures" / name, tmp_path / "machines" / name)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    path = os.pathsep.join((str(Path(hostinfo.__file__).parent.parent), str(tmp_path)))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout
