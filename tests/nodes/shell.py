"""Try something in a node: `python -m tests.nodes.shell SHAPE SCRIPT`, or `… SHAPE -- COMMAND…`.

Boots the shape with the present tree's hostinfo importable by its python3 and runs the script as root. Prints the
output of the script and exits with its exit code. SHAPE is a file of shapes/ or random:SEED.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from .boot import Step, boot
from .guest_steps import guest_payload, start_guest, wait_guest
from .image import cached_image, missing
from .payload import tree_copy
from .progress import BootError
from .shape import Shape
from .shape_loader import load_shape, shape_names
from .steps import links_up, oracles, stack


def main() -> int:
    options = _options()
    if lacking := missing():
        sys.exit(lacking)
    shape, keep = load_shape(options.shape), Path(options.keep or tempfile.mkdtemp(prefix="node-out-"))
    with tempfile.TemporaryDirectory() as scratch:
        payload = [*guest_payload(shape, Path(scratch)), tree_copy(Path(scratch))]
        if options.command:
            script = Path(scratch) / "try.sh"
            script.write_text(_script(options.command))
            payload.append(script)
        try:
            run = boot(shape, cached_image(), _steps(shape, options), payload, keep)
        except BootError as error:
            sys.exit(str(error))
    for result in run.results.values():
        line = f"{result.name}: status {result.status}, {result.wall_seconds} s, {result.cpu_seconds} s of CPU"
        print(line, file=sys.stderr)
    print(f"all outputs: {keep}", file=sys.stderr)
    if "try" not in run.results:
        return 0
    sys.stderr.write(run.errors("try"))
    sys.stdout.write(run.text("try"))
    return run.results["try"].status


def _script(command: list[str]) -> str:
    """Return the text of a script's file, or the words of a command."""
    words = [word for word in command if word != "--"]
    if len(words) == 1 and Path(words[0]).is_file():
        return Path(words[0]).read_text()
    return " ".join(words) + "\n"


def _steps(shape: Shape, options: argparse.Namespace) -> list[Step]:
    steps = [*stack(shape), *links_up(shape)]
    steps += oracles(shape) if options.oracles else []
    if options.guest and shape.guest:
        steps += [*start_guest(shape, shape.guest), *wait_guest(shape, shape.guest)]
    if options.command:
        steps.append(Step(name="try", command="sh /mnt/try.sh", limit_seconds=240, ordinary_user=options.user))
    return steps


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
