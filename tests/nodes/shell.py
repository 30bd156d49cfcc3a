"""Try something in a node: `python -m tests.nodes.shell SHAPE SCRIPT`, or `… SHAPE -- COMMAND…`.

Boots the shape with the present tree's hostinfo importable by its python3, runs the script as root, prints what it
printed, exits as it exited. SHAPE is a file of shapes/ or random:SEED.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from .boot import BootError, Step, boot
from .image import cached_image, missing
from .payload import tree_copy
from .shape import load_shape, shape_names
from .steps import guest_payload, links_up, oracles, stack, start_guest, wait_guest


def main() -> int:
    options = _options()
    if lacking := missing():
        sys.exit(lacking)
    shape, keep = load_shape(options.shape), Path(options.keep or tempfile.mkdtemp(prefix="node-out-"))
    with tempfile.TemporaryDirectory() as scratch:
        payload = [*guest_payload(shape, Path(scratch)), tree_copy(Path(scratch))]
        steps = [*stack(shape), *links_up(shape)]
        steps += oracles(shape) if options.oracles else []
        if options.guest and shape.guest:
            steps += [*start_guest(shape, shape.guest), *wait_guest(shape, shape.guest)]
        if options.command:
            script = Path(scratch) / "try.sh"
            words = [word for word in options.command if word != "--"]
            script.write_text(
                Path(words[0]).read_text() if len(words) == 1 and Path(words[0]).is_file() else " ".join(words) + "\n"
            )
            payload.append(script)
            steps.append(Step(name="try", command="sh /mnt/try.sh", limit_seconds=240, ordinary_user=options.user))
        try:
            run = boot(shape, cached_image(), steps, payload, keep)
        except BootError as error:
            sys.exit(str(error))
    for result in run.results.values():
        print(
            f"{result.name}: status {result.status}, {result.wall_seconds} s, {result.cpu_seconds} s of CPU",
            file=sys.stderr,
        )
    print(f"all outputs: {keep}", file=sys.stderr)
    if "try" not in run.results:
        return 0
    sys.stderr.write(run.errors("try"))
    sys.stdout.write(run.text("try"))
    return run.results["try"].status


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", help="folder for all outputs (emptied first)")
    parser.add_argument("--oracles", action="store_true", help="run the shape's oracles")
    parser.add_argument("--guest", action="store_true", help="start the shape's guest and wait for its job")
    parser.add_argument("--user", action="store_true", help="run the script as an ordinary user")
    parser.add_argument("shape", help=f"{', '.join(shape_names())} or random:SEED")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="a script's file, or -- and a command")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
