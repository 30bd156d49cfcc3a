"""``hostinfo actions``: the service that makes changes for users who are not root."""

from __future__ import annotations

from hostinfo.cli.streams import EXIT_OK, EXIT_USAGE, print_error
from hostinfo.errors import HostInfoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DESCRIPTION = """\
Runs the service that makes changes for users who are not root, over Varlink on a Unix
socket. systemd starts it (systemctl enable --now hostinfo-actions.socket) and passes the
socket; it ends when it is idle. /etc/hostinfo/actions.toml lists who may do what; each
call is an audit record in the journal.
"""
EXAMPLES = (("hostinfo actions --socket /run/actions", "without systemd, as root"),)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--policy", metavar="FILE", help="who may do what (/etc/hostinfo/actions.toml)")
    parser.add_argument("--socket", metavar="PATH", help="where to listen if systemd passes no socket")
    parser.add_argument("--state", metavar="DIR", help="folder of the transactions (/var/lib/hostinfo/network)")


def run(options: Namespace) -> int:
    """Serve until the service is idle or stopped; return the exit code."""
    from importlib import import_module

    if options.connect is not None:
        print_error("actions: it works on this host itself; leave -c out")
        return EXIT_USAGE
    given = {"policy": options.policy, "path": options.socket, "journal_root": options.state}
    if options.socket is not None:
        given["idle_seconds"] = None
    main = import_module("hostinfo.actions.service.main")
    try:
        main.serve(**{name: value for name, value in given.items() if value is not None or name == "idle_seconds"})
    except HostInfoError as error:
        print_error(str(error))
        return EXIT_USAGE
    return EXIT_OK
