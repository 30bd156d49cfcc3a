"""``hostinfo console``: asks the agents of many nodes over AMQP. The work is done by `hostinfo.agent.console`."""

import os
import sys
from importlib import import_module

from hostinfo.cli import EXIT_NO_DATA, print_error, write_output
from hostinfo.cli.quick import QuickParser
from hostinfo.cli.terminal import terminal_width
from hostinfo.errors import HostInfoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

DESCRIPTION = """\
Asks the agents (hostinfo agent, and others that speak QMF v2) of any number of nodes,
side by side, over the AMQP broker that they share, or over the one node that listens.

  list                         the agents
  schema [CLASS]               the classes of their objects and events, or one in full
  get CLASS                    the objects of a class
  call NODE CLASS.METHOD k=v…  call a method of an object
  events                       what happens, as it happens
  watch CLASS                  the objects of a class, and what changes

A NODE is the name of a host or of an agent, a UUID, or the beginning of one that no
other node has. A PREDICATE is `hostname=node1`, `memory>1000000, architecture=x86_64`
(= != < <= > >=, ~ for a regular expression), or QMF's own [eq, hostname, [quote, node1]].

exit status: 0 all nodes answered, 3 some did not or refused, 1 nothing was found,
2 wrong usage.
"""
EXAMPLES = (
    ("hostinfo console list", "the nodes"),
    ("hostinfo console get processor --node node1", "the processors of one"),
    ("hostinfo console get ovirtNode --where 'memory>100000000000'", "the large nodes"),
    ("hostinfo console --json get networkInterface", "for programs"),
    ("hostinfo console call node1 ovirtNode.echo sequence=1 body=hello", "call a method"),
    ("hostinfo console --broker amqps://broker.example.org events", "at a broker, by TLS"),
)


def add_arguments(parser: "ArgumentParser") -> None:
    """Arguments of the command."""
    if isinstance(parser, QuickParser):  # has no commands of a command: argparse reads these
        parser.is_plain = False
        return
    _add_common(parser, is_main=True)
    actions = parser.add_subparsers(dest="action", metavar="COMMAND", required=True, prog="hostinfo console")
    _add(actions, "list", "the agents")
    schema = _add(actions, "schema", "the classes of their objects and events, or one in full")
    schema.add_argument("class_name", metavar="CLASS", nargs="?", help="CLASS or PACKAGE:CLASS")
    get = _add(actions, "get", "the objects of a class")
    get.add_argument("class_name", metavar="CLASS", help="CLASS or PACKAGE:CLASS")
    _add_where(get)
    call = _add(actions, "call", "call a method of an object")
    call.add_argument("target_node", metavar="NODE", help="the node, or several with commas between them")
    call.add_argument("target", metavar="CLASS.METHOD", help="the object is the only one of its class, or --where's")
    call.add_argument("arguments", metavar="NAME=VALUE", nargs="*", help="its arguments")
    _add_where(call)
    events = _add(actions, "events", "what happens, as it happens")
    _add_limits(events)
    watch = _add(actions, "watch", "the objects of a class, and what changes")
    watch.add_argument("class_name", metavar="CLASS", help="CLASS or PACKAGE:CLASS")
    _add_where(watch)
    watch.add_argument("--interval", metavar="S", type=_seconds, default=10.0, help="news at most so often (10)")
    _add_limits(watch)


def _add(actions: "Any", name: str, summary: str) -> "ArgumentParser":
    parser: ArgumentParser = actions.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    _add_common(parser, is_main=False)
    return parser


def _add_where(parser: "ArgumentParser") -> None:
    parser.add_argument("--where", metavar="PREDICATE", action="append", help="only objects that fulfil it")


def _add_limits(parser: "ArgumentParser") -> None:
    parser.add_argument("--for", dest="during", metavar="S", type=_seconds, help="end after so many seconds")
    parser.add_argument("--count", metavar="N", type=_count, help="end after so many lines")


def _add_common(parser: "ArgumentParser", *, is_main: bool) -> None:
    """The options that may stand before and after the console's command."""
    from argparse import SUPPRESS

    none = None if is_main else SUPPRESS
    off = False if is_main else SUPPRESS
    add = parser.add_argument
    add("--json", action="store_true", default=off, help="JSON: a list of objects; of events and watch one a line")
    add("--node", metavar="NODE", action="append", default=none, help="only this node; several times: these")
    add("--filter", metavar="PREDICATE", action="append", default=none, help="only agents whose attributes fulfil it")
    add("--columns", metavar="A,B", action="append", default=none, help="the columns of the table")
    seconds = 5.0 if is_main else SUPPRESS
    add("--seconds", metavar="S", type=_seconds, default=seconds, help="how long to wait for answers (5)")
    add(
        "--broker", metavar="URL", action="append", default=none,
        help="amqp://HOST[:PORT] or amqps://…; several: one of them (amqp://127.0.0.1:5672)",
    )  # fmt: skip
    add("--domain", metavar="NAME", default="default" if is_main else SUPPRESS, help="QMF domain (default)")
    scheme = "auto" if is_main else SUPPRESS
    schemes = "qpidd, rabbitmq-3, rabbitmq-4, plain"
    add("--address-scheme", metavar="NAME", default=scheme, help=f"how the broker writes addresses: {schemes} (auto)")
    add("--user", metavar="NAME", default=none, help="name to log in with")
    add("--password-file", metavar="FILE", default=none, help="file with the password alone, readable by its owner")
    add("--keytab", metavar="FILE", default=none, help="Kerberos keys of the client")
    add("--mechanism", metavar="NAME", action="append", default=none, help="SASL mechanism that may be used")
    add("--ca", metavar="FILE", default=none, help="PEM file of the authorities that the broker is checked against")
    add("--certificate", metavar="FILE", default=none, help="own PEM certificate")
    add("--key", metavar="FILE", default=none, help="its private key, unless in the same file")
    add("--allow-anonymous", action="store_true", default=off, help="without login also where it is not loopback")
    add("--allow-cleartext", action="store_true", default=off, help="without TLS also where it is not loopback")


def _seconds(text: str) -> float:
    from argparse import ArgumentTypeError

    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 86_400.0:
        raise ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def _count(text: str) -> int:
    from argparse import ArgumentTypeError

    if not (text.isascii() and text.isdecimal() and int(text[:18]) > 0):
        raise ArgumentTypeError(f"{text!r} is no number of lines")
    return int(text[:18])


def run(options: "Namespace") -> int:
    """Hand over to the console."""
    try:
        terminal = import_module("hostinfo.agent.console.terminal")
        status: int = terminal.run(options, _screen(terminal, is_json=options.json))
    except HostInfoError as error:
        print_error(f"console: {error}")
        return EXIT_NO_DATA
    return status


def _screen(terminal: "Any", *, is_json: bool) -> object:
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    has_progress = sys.stderr is not None and sys.stderr.isatty()
    can_paint = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return terminal.Screen(
        write=write_output,
        print_error=print_error,
        progress=_progress if has_progress else None,
        width=terminal_width() if is_terminal or os.environ.get("COLUMNS") else None,
        has_colour=is_terminal and can_paint,
        is_json=is_json,
    )


def _progress(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
