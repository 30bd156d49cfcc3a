"""``hostinfo support``: which driver provides which group, read from the drivers' tables."""

from __future__ import annotations

from hostinfo import registry
from hostinfo.cli.streams import EXIT_NO_DATA, EXIT_OK, print_error, write_output
from hostinfo.errors import HostInfoError
from hostinfo.groups import GROUPS
from hostinfo.output.escape import escape_unprintable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Sequence
    from typing import TypedDict

    from hostinfo.driver_factory import DriverFactory

    class Row(TypedDict):
        """One driver, as JSON has it."""

        name: str
        is_open: bool
        reason: str | None
        groups: list[str]
        unsupported_reasons: dict[str, str]


DESCRIPTION = """\
Shows which driver provides which group of facts on this host, or on the one that -c
names. Drivers are listed in the order in which they are tried. The first that offers a
group provides it; the next ones are tried if it fails.
"""
EXAMPLES = (
    ("hostinfo support", "this host"),
    ("hostinfo -c xen:///system support", "libvirt's Xen driver and the drivers of this kernel"),
    ("hostinfo support --json", "for programs"),
)
PROVIDES, FALLBACK, NONE = "provides", "fallback", "-"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: Namespace) -> int:
    """Open each driver, print its table, close it."""
    try:
        factories = registry.factories(options.connect)
    except HostInfoError as error:
        print_error(str(error))
        return EXIT_NO_DATA
    rows = [row for factory in factories if (row := _inspect(factory)) is not None]
    if options.json:
        from hostinfo.output.json import to_json

        write_output(to_json({"uri": options.connect, "drivers": rows}) + "\n")
    else:
        write_output("".join(line + "\n" for line in _table(rows)))
    return EXIT_OK if any(row["is_open"] for row in rows) else EXIT_NO_DATA


def _inspect(factory: DriverFactory) -> Row | None:
    """Return the row of a driver; None if the driver is not for this host."""
    row: Row = {"name": factory.name, "is_open": False, "reason": None, "groups": [], "unsupported_reasons": {}}
    try:
        driver = factory.open(factory.uri)
    except HostInfoError as error:
        row["reason"] = str(error)
        return row
    except Exception as error:
        row["reason"] = f"internal error: {type(error).__name__}: {error}"
        return row
    if driver is None:
        return None
    row["is_open"] = True
    row["groups"] = [group for group in GROUPS if group in factory.groups and group in driver.readers]
    row["unsupported_reasons"] = {
        group: reason for group, reason in driver.unsupported_reasons.items() if group not in row["groups"]
    }
    if driver.close is not None:
        driver.close()
    return row


def _table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line per group with a column per driver, then the reasons."""
    width = max(map(len, GROUPS))
    columns = [max(len(row["name"]), len(PROVIDES)) for row in rows]
    heading = [f"{row['name']:<{column}}" for row, column in zip(rows, columns, strict=True)]
    yield "  ".join([" " * width, *heading]).rstrip()
    for group in GROUPS:
        cells, mark = [], PROVIDES
        for row, column in zip(rows, columns, strict=True):
            offers = group in row["groups"]
            cells.append(f"{mark if offers else NONE:<{column}}")
            mark = FALLBACK if offers else mark
        yield "  ".join([f"{group:<{width}}", *cells]).rstrip()
    for row in rows:
        if row["reason"]:
            yield f"{row['name']}: {escape_unprintable(row['reason'])}"
        for group, reason in row["unsupported_reasons"].items():
            yield f"{row['name']}: {group}: {escape_unprintable(reason)}"
