"""``hostinfo record``: stores what the drivers read in a folder, without secrets."""

from __future__ import annotations

from hostinfo.cli.streams import EXIT_NO_DATA, EXIT_OK, print_error, write_output
from hostinfo.errors import HostInfoError
from hostinfo.recording import record_machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DESCRIPTION = """\
Records in DIR all that hostinfo reads on this host. Its facts can then be read
elsewhere and later: hostinfo -c recorded:DIR dump.

Serial numbers, UUIDs, host names, IP addresses and the last bytes of MAC addresses are
replaced consistently, unless --raw is given. The command lists what it replaced; look
through the folder before you share it.
"""
EXAMPLES = (
    ("hostinfo record myhost", "make the folder myhost"),
    ("hostinfo -c recorded:myhost dump", "read it"),
    ("hostinfo diff myhost recorded:other", "compare it"),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("directory", metavar="DIR", help="folder to make; if it exists it must be empty")
    parser.add_argument("--raw", action="store_true", help="replace nothing; do not share such a recording")


def run(options: Namespace) -> int:
    """Record the host and print what was replaced."""
    try:
        report = record_machine(options.directory, options.connect, raw=options.raw)
    except HostInfoError as error:
        print_error(f"record: {error}")
        return EXIT_NO_DATA
    except OSError as error:
        print_error(f"record: {error.filename or options.directory}: {error.strerror or error}")
        return EXIT_NO_DATA
    write_output(f"{report}\n")
    return EXIT_OK
