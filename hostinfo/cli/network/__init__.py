"""``hostinfo network``: show the configuration of the network, and change it with confirmation and rollback."""

from __future__ import annotations

from hostinfo.cli.fast_parser import FastParser
from hostinfo.cli.streams import EXIT_NO_DATA, EXIT_USAGE, print_error
from hostinfo.errors import ActionRefused, HostInfoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from hostinfo.cli.parser import Parser

DESCRIPTION = """\
Shows the network as one state, and changes it: a change is applied, and undone unless it
is confirmed in time, whatever happens to the connection or to hostinfo meanwhile.

  show                      print the state in force; it can be applied again
  plan FILE                 show what a state would change, without changing anything
  apply FILE                apply a state, to be confirmed
  confirm [ID]              keep the change that waits
  rollback [ID]             undo the change that waits
  status, history           show the change that waits, and the latest ones
  bond, vlan, bridge, address, delete
                            apply a common change without a file

A state is YAML or JSON with the keys of nmstate's schema; interfaces that it does not
name stay as they are. FILE may be - for standard input. Changes are made by root, or by
the hostinfo-actions service for users whom its policy allows. A change of links that
systemd-networkd or NetworkManager configures is kept over boots once it is confirmed;
without a network service it is lost at the next boot.

exit status: 0 done, nothing to do, or waiting for confirmation; plan: 1 changes are
needed; others: 1 failed or rolled back; 2 refused or wrong usage.
"""
EXAMPLES = (
    ("hostinfo network show > network.yaml", "save the state in force"),
    ("hostinfo network plan network.yaml", "what would be changed"),
    ("hostinfo network apply network.yaml", "change it; undone after 60 s unless it is confirmed"),
    ("hostinfo network confirm", "keep the change, from any login"),
    ("hostinfo network bond bond0 eth0 eth1 --mode 802.3ad", "a bond that takes over the addresses"),
    ("hostinfo network vlan bond0 100", "a VLAN bond0.100"),
    ("hostinfo network bridge br0 bond0.100", "a bridge for guests"),
    ("hostinfo network address add br0 192.0.2.5/24 2001:db8::5/64", "two addresses"),
)
DEFAULT_WINDOW_SECONDS = 60.0


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    if isinstance(parser, FastParser):  # it has no nested commands: argparse parses them
        parser.is_simple = False
        return
    parser.add_argument("--state", metavar="DIR", help="folder of the transactions (/var/lib/hostinfo/network)")
    commands = parser.add_subparsers(dest="action", metavar="COMMAND", required=True, prog="hostinfo network")
    show = _add(commands, "show", "print the state in force, as YAML")
    show.add_argument("--json", action="store_true", help="as JSON")
    show.add_argument("--configured", action="store_true", help="what network services have configured instead")
    _add_file(_add(commands, "plan", "show what a state would change, without changing anything"))
    commands.choices["plan"].add_argument("--json", action="store_true", help="as JSON")
    apply = _add(commands, "apply", "apply a state, to be confirmed")
    _add_file(apply)
    _add_window(apply)
    for name, summary in (("confirm", "keep the change that waits"), ("rollback", "undo the change that waits")):
        decide = _add(commands, name, summary)
        decide.add_argument("id", metavar="ID", nargs="?", help="the transaction (default: the one that waits)")
    for name, summary in (("status", "show the change that waits"), ("history", "show the latest changes")):
        _add(commands, name, summary).add_argument("--json", action="store_true", help="as JSON")
    _add(commands, "recover", "undo what was not confirmed before the machine stopped; for the boot")
    bond = _add(commands, "bond", "create a bond, which takes over the addresses of its ports")
    bond.add_argument("name", metavar="NAME")
    bond.add_argument("ports", metavar="PORT", nargs="+", help="NICs")
    bond.add_argument("--mode", default="active-backup", help="active-backup (default), 802.3ad, balance-rr, …")
    bond.add_argument("--option", metavar="NAME=VALUE", action="append", default=[], help="such as miimon=100")
    vlan = _add(commands, "vlan", "create a VLAN")
    vlan.add_argument("base", metavar="LINK", help="NIC or bond")
    vlan.add_argument("number", metavar="NUMBER", type=int, help="1 to 4094")
    vlan.add_argument("--name", help="name of the VLAN (default: LINK.NUMBER)")
    bridge = _add(commands, "bridge", "create a bridge, which takes over the addresses of its ports")
    bridge.add_argument("name", metavar="NAME")
    bridge.add_argument("ports", metavar="PORT", nargs="*", help="NICs, bonds or VLANs")
    address = _add(commands, "address", "add or delete addresses of a link")
    address.add_argument("verb", choices=("add", "delete"))
    address.add_argument("link", metavar="LINK")
    address.add_argument("addresses", metavar="ADDRESS/LENGTH", nargs="+")
    delete = _add(commands, "delete", "delete bonds, VLANs and bridges")
    delete.add_argument("names", metavar="NAME", nargs="+")
    for shorthand in (bond, vlan, bridge, address, delete):
        _add_window(shorthand)


def _add(commands: Any, name: str, summary: str) -> Parser:
    parser: Parser = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    return parser


def _add_file(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="state in YAML or JSON; - is standard input")


def _add_window(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--confirm-within", metavar="S", type=float, default=DEFAULT_WINDOW_SECONDS,
        help="seconds until it is undone (60); 0: no confirmation, where no login can be cut off",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="allow --confirm-within 0 where you may be cut off")
    parser.add_argument("--yes", action="store_true", help="do not ask before the change is applied")
    parser.add_argument("--wait", action="store_true", help="without a terminal: wait until it is decided")
    parser.add_argument("--json", action="store_true", help="print the transaction as JSON")


def run(options: Namespace) -> int:
    """Run one command; return the exit code."""
    from importlib import import_module

    if options.connect is not None:
        print_error("network: it works on this host itself; leave -c out")
        return EXIT_USAGE
    module = import_module(f"{__name__}.{_MODULES.get(options.action, 'change')}")
    try:
        code: int = getattr(module, f"run_{options.action}", module.run)(options)
    except ActionRefused as error:
        print_error(str(error))
        return EXIT_USAGE
    except HostInfoError as error:
        print_error(str(error))
        return EXIT_USAGE if options.action == "plan" else EXIT_NO_DATA  # 1 means for plan: changes are needed
    return code


_MODULES = {
    "show": "show", "status": "show", "history": "show",
    "confirm": "decide", "rollback": "decide", "recover": "decide",
}  # fmt: skip
