"""Each target fuzzed for HOSTINFO_FUZZ_SECONDS (60): ``./run tox -e fuzz``."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT

from .targets import TARGETS

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(0)]
SECONDS = int(os.environ.get("HOSTINFO_FUZZ_SECONDS") or 60)


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_is_a_fault(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(SECONDS)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    cases = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
    faults = {path.name: path.read_bytes()[:500] for path in tmp_path.iterdir()}
    assert (done.returncode, faults) == (0, {}), done.stderr[-3_000:] + done.stdout[-2_000:]
    assert cases is not None
    assert int(cases[1]) > 0
    print(f"{name}: {cases[1]} cases")
