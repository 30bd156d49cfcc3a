"""``hostinfo support``: which driver offers which group, from the drivers' own tables."""

from hostinfo import registry
from hostinfo.cli import EXIT_NO_DATA, EXIT_OK, print_error, write_output
from hostinfo.errors import HostInfoError
from hostinfo.groups import GROUPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from hostinfo.driver import DriverFactory

DISABLE_GC = True
DESCRIPTION = """\
Shows which driver tells which group of facts on this machine, or on the host that -c
names: the drivers in the order in which they are asked. The first that offers a group
tells it; the others are asked when it fails.
"""
EXAMPLES = (
    ("hostinfo support", "of this machine"),
    ("hostinfo -c xen:///system support", "of libvirt's Xen driver and those beside it"),
    ("hostinfo support --json", "for programs"),
)


def add_arguments(parser: "ArgumentParser") -> None:
    """Arguments of the command."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: "Namespace") -> int:
    """Open each driver, look at its table, close it."""
    try:
        factories = registry.factories(options.connect)
    except HostInfoError as error:
        print_error(str(error))
        return EXIT_NO_DATA
    table = [_look(factory) for factory in factories]
    if options.json:
        from hostinfo.output.json import to_json

        write_output(to_json({"uri": options.connect, "drivers": table}) + "\n")
    else:
        write_output(_table(table))
    return EXIT_OK if any(row["is_open"] for row in table) else EXIT_NO_DATA


def _look(factory: "DriverFactory") -> dict[str, object]:
    row: dict[str, object] = {
        "name": factory.name,
        "is_open": False,
        "reason": None,
        "groups": [],
        "unsupported_reasons": {},
    }
    try:
        driver = factory.open()
    except HostInfoError as error:
        return row | {"reason": str(error)}
    except Exception as error:
        return row | {"reason": f"fault in the driver: {type(error).__name__}: {error}"}
    if driver is None:
        return row | {"reason": "not a machine for this driver"}
    try:
        offered = [group for group in GROUPS if group in factory.groups and group in driver.readers]
        unsupported_reasons = {group: why for group, why in driver.unsupported_reasons.items() if group not in offered}
        return row | {"is_open": True, "groups": offered, "unsupported_reasons": unsupported_reasons}
    finally:
        if driver.close is not None:
            driver.close()


def _table(rows: "Sequence[dict[str, object]]") -> str:
    names = [str(row["name"]) for row in rows]
    width = max(len(group) for group in GROUPS)
    lines = [" " * width + "  " + "  ".join(names)]
    for group in GROUPS:
        cells = []
        is_first = True
        for row, name in zip(rows, names, strict=True):
            offers = group in row["groups"]  # type: ignore[operator]
            mark = ("tells" if is_first else "then") if offers else "-"
            cells.append(f"{mark:<{len(name)}}" if len(name) > len(mark) else mark)
            is_first = is_first and not offers
        lines.append((f"{group:<{width}}  " + "  ".join(cells)).rstrip())
    for row in rows:
        if row["reason"]:
            lines.append(f"{row['name']}: {row['reason']}")
        lines += [f"{row['name']}: {group}: {why}" for group, why in row["unsupported_reasons"].items()]  # type: ignore[attr-defined]
    return "\n".join(lines) + "\n"
