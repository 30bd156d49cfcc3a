"""Fuzz one target with atheris: ``python -m tests.fuzz TARGET --seconds 60``. Status 0: no fault.

New input is kept in the cache, so that the next run goes on from there. A fault is written to a file that the output
names; move it to ``tests/fuzz/seeds/TARGET/`` together with the mend.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["hostinfo"]):  # pyright: ignore[reportAttributeAccessIssue]
    from tests.fuzz import targets

from tests.support.cache import cache_folder

MEMORY_MIB = 600
"""Of the process, with the fuzzer's own."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=targets.TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    corpus = cache_folder() / "fuzz" / options.target
    corpus.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        for number, data in enumerate(targets.seeds(options.target)):
            (Path(folder) / f"seed-{number}").write_bytes(data)
        arguments = [
            sys.argv[0], str(corpus), folder, f"-max_total_time={options.seconds}", "-timeout=10", "-max_len=16384",
            f"-rss_limit_mb={MEMORY_MIB}", f"-artifact_prefix={Path.cwd()}/fault-{options.target}-",
            "-print_final_stats=1",
        ]  # fmt: skip
        atheris.Setup(arguments, lambda data: targets.run(options.target, data))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
