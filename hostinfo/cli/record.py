"""``hostinfo record``: keeps what the readers read in a folder, scrubbed."""

from importlib import import_module

from hostinfo.cli import EXIT_NO_DATA, print_error, write_output
from hostinfo.errors import HostInfoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DESCRIPTION = """\
Records in DIR all that hostinfo reads on this machine, so that its facts can be read
elsewhere and later: hostinfo -c recorded:DIR dump.

Serial numbers, UUIDs, host names, IP addresses and the ends of MAC addresses are
replaced, the same one by the same substitute, unless --raw is given. What was
replaced is listed; look through the folder before you pass it on.
"""
EXAMPLES = (
    ("hostinfo record mymachine", "make the folder mymachine"),
    ("hostinfo -c recorded:mymachine dump", "read it"),
    ("hostinfo diff mymachine recorded:other", "compare it"),
)


def add_arguments(parser: "ArgumentParser") -> None:
    """Arguments of the command."""
    parser.add_argument("directory", metavar="DIR", help="the folder to make; it must not hold anything yet")
    parser.add_argument("--raw", action="store_true", help="replace nothing: for your own eyes only")


def run(options: "Namespace") -> int:
    """Record, and say what was scrubbed."""
    try:
        recorded = import_module("hostinfo.drivers.recorded")
        report = recorded.record(options.directory, uri=options.connect, raw=options.raw)
    except HostInfoError as error:
        print_error(f"record: {error}")
        return EXIT_NO_DATA
    except OSError as error:
        print_error(f"record: {error.filename or options.directory}: {error.strerror or error}")
        return EXIT_NO_DATA
    write_output(f"{report}\n")
    return 0
