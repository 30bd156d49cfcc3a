"""``hostinfo console``: query the agents of many nodes over AMQP, with ``hostinfo.agent.console``."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from hostinfo.cli.fast_parser import FastParser
from hostinfo.cli.streams import EXIT_NO_DATA, print_error, write_output
from hostinfo.cli.terminal import terminal_width
from hostinfo.errors import HostInfoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from hostinfo.cli.parser import Parser

DESCRIPTION = """\
Queries the agents of any number of nodes at once: hostinfo agent, and others that speak
QMF v2, over the AMQP broker that they share or over the one agent that listens.

  list                         list the agents
  schema [CLASS]               list the classes of objects and events, or describe one
  get CLASS                    show the objects of a class
  call NODE CLASS.METHOD k=v…  call a method of an object
  events                       show events as they happen
  watch CLASS                  show the objects of a class, and their changes

A NODE is the name of a host or an agent, a UUID, or an unambiguous prefix of one.
A PREDICATE is `hostname=node1`, `memory>1000000, architecture=x86_64`
(= != < <= > >=, ~ for a regular expression), or QMF's own [eq, hostname, [quote, node1]].

exit status: 0 all nodes responded, 3 some did not or refused, 1 nothing was found,
2 wrong usage.
"""
EXAMPLES = (
    ("hostinfo console list", "all nodes"),
    ("hostinfo console get processor --node node1", "the processors of one node"),
    ("hostinfo console get ovirtNode --where 'memory>100000000000'", "the large nodes"),
    ("hostinfo console --json get networkInterface", "as JSON"),
    ("hostinfo console call node1 ovirtNode.echo sequence=1 body=hello", "call a method"),
    ("hostinfo console events --from collected", "events from a queue that the broker fills, each read once"),
    ("hostinfo console --broker amqps://broker.example.org events", "at a broker, over TLS"),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    if isinstance(parser, FastParser):  # it has no nested commands: argparse parses them
        parser.is_simple = False
        return
    _add_common(parser, is_main=True)
    actions = parser.add_subparsers(dest="action", metavar="COMMAND", required=True, prog="hostinfo console")
    _add(actions, "list", "list the agents")
    schema = _add(actions, "schema", "list the classes of objects and events, or describe one")
    schema.add_argument("class_name", metavar="CLASS", nargs="?", help="CLASS or PACKAGE:CLASS")
    get = _add(actions, "get", "show the objects of a class")
    get.add_argument("class_name", metavar="CLASS", help="CLASS or PACKAGE:CLASS")
    _add_where(get)
    call = _add(actions, "call", "call a method of an object")
    call.add_argument("target_node", metavar="NODE", help="the node, or several separated by commas")
    call.add_argument("target", metavar="CLASS.METHOD", help="the only object of the class, or the one --where selects")
    call.add_argument("arguments", metavar="NAME=VALUE", nargs="*", help="arguments of the method")
    call.scattered = "arguments"
    _add_where(call)
    events = _add(actions, "events", "show events as they happen")
    _add_limits(events)
    _add_queue(events)
    watch = _add(actions, "watch", "show the objects of a class, and their changes")
    watch.add_argument("class_name", metavar="CLASS", help="CLASS or PACKAGE:CLASS")
    _add_where(watch)
    watch.add_argument("--interval", metavar="S", type=_seconds, default=10.0, help="minimum time between updates (10)")
    _add_limits(watch)
    _add_queue(watch)


def _add(actions: Any, name: str, summary: str) -> Parser:
    parser: Parser = actions.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    _add_common(parser, is_main=False)
    return parser


def _add_where(parser: ArgumentParser) -> None:
    parser.add_argument("--where", metavar="PREDICATE", action="append", help="only objects that match it")


def _add_limits(parser: ArgumentParser) -> None:
    parser.add_argument("--for", dest="during", metavar="S", type=_seconds, help="end after S seconds")
    parser.add_argument("--count", metavar="N", type=_count, help="end after N lines")


def _add_queue(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="queue", metavar="QUEUE", help="read this queue or stream of the broker; no agent gets a request"
    )
    parser.add_argument(
        "--offset", metavar="WHERE", type=_offset, help="where to begin in a stream: first, last, next (default), or N"
    )


def _offset(text: str) -> str | int:
    from argparse import ArgumentTypeError

    if text.isascii() and text.isdecimal() and int(text[:20]) < 1 << 63:
        return int(text[:20])
    if text not in ("first", "last", "next"):
        raise ArgumentTypeError(f"{text!r} is none of first, last, next, or a number")
    return text


def _add_common(parser: ArgumentParser, *, is_main: bool) -> None:
    """Add the options that are allowed before and after the console's command."""
    from argparse import SUPPRESS

    none = None if is_main else SUPPRESS
    off = False if is_main else SUPPRESS
    add = parser.add_argument
    add("--json", action="store_true", default=off, help="JSON: a list of objects; for events and watch one per line")
    add("--node", metavar="NODE", action="append", default=none, help="only this node; repeat it for several")
    add("--filter", metavar="PREDICATE", action="append", default=none, help="only agents whose attributes match it")
    add("--columns", metavar="A,B", action="append", default=none, help="the columns of the table")
    seconds = 5.0 if is_main else SUPPRESS
    add("--seconds", metavar="S", type=_seconds, default=seconds, help="how long to wait for responses (5)")
    add(
        "--broker", metavar="URL", action="append", default=none,
        help="amqp://HOST[:PORT] or amqps://…; repeat it for alternatives (amqp://127.0.0.1:5672)",
    )  # fmt: skip
    add("--domain", metavar="NAME", default="default" if is_main else SUPPRESS, help="QMF domain (default)")
    scheme = "auto" if is_main else SUPPRESS
    schemes = "qpidd, rabbitmq-3, rabbitmq-4, plain"
    add("--address-scheme", metavar="NAME", default=scheme, help=f"form of the broker's addresses: {schemes} (auto)")
    add("--user", metavar="NAME", default=none, help="user name")
    add("--password-file", metavar="FILE", default=none, help="file with only the password, readable by its owner")
    add("--keytab", metavar="FILE", default=none, help="Kerberos keys of the user")
    add(
        "--mechanism",
        metavar="NAME",
        action="append",
        default=none,
        help="allowed SASL mechanism, repeatable",
    )
    add("--ca", metavar="FILE", default=none, help="PEM file of certificate authorities for the broker")
    add("--certificate", metavar="FILE", default=none, help="PEM client certificate")
    add("--key", metavar="FILE", default=none, help="private key, unless it is in the certificate's file")
    add("--allow-anonymous", action="store_true", default=off, help="connect without login, not only over loopback")
    add("--allow-cleartext", action="store_true", default=off, help="connect without TLS, not only over loopback")


def _seconds(text: str) -> float:
    from argparse import ArgumentTypeError

    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 86_400.0:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def _count(text: str) -> int:
    from argparse import ArgumentTypeError

    if not (text.isascii() and text.isdecimal() and int(text[:18]) > 0):
        raise ArgumentTypeError(f"{text!r} is not a number of lines")
    return int(text[:18])


def run(options: Namespace) -> int:
    """Run the console's command; return the exit code."""
    try:
        terminal = import_module("hostinfo.agent.console.terminal")
        code: int = terminal.run(options, _output(terminal, is_json=options.json))
    except HostInfoError as error:
        print_error(f"console: {error}")
        return EXIT_NO_DATA
    return code


def _output(terminal: Any, *, is_json: bool) -> object:
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    has_progress = sys.stderr is not None and sys.stderr.isatty()
    may_use_color = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return terminal.Output(
        write=write_output,
        print_error=print_error,
        write_progress=_write_progress if has_progress else None,
        width=terminal_width() if is_terminal or os.environ.get("COLUMNS") else None,
        has_color=is_terminal and may_use_color,
        is_json=is_json,
    )


def _write_progress(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
