"""``hostinfo agent``: this node's facts over AMQP, for consoles near and far."""

import signal
from importlib import import_module

from hostinfo.cli import EXIT_NO_DATA, EXIT_OK, EXIT_USAGE, print_error
from hostinfo.errors import HostInfoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

DESCRIPTION = """\
Publishes this node's facts, statistics and events over AMQP 1.0 by QMF v2: to consoles
that connect to the same broker, or with --listen to consoles that connect to the agent
itself. Without --broker and --listen, DNS is asked for the brokers of the domain. What
can't be reached is tried again until it is back.

SIGHUP reads the configuration and the policy again, SIGTERM ends. Passwords stand in
files that the configuration names, never on the command line.

exit status: 0 ended by a signal, 1 could not start, 2 wrong usage or configuration.
"""
EXAMPLES = (
    ("hostinfo agent --listen amqp://127.0.0.1:5672", "for consoles on this host; no broker needed"),
    ("hostinfo agent --broker amqps://broker.example.com", "through a broker, over TLS"),
    ("hostinfo agent --config /etc/hostinfo/agent.toml", "as the system's service does"),
)


def add_arguments(parser: "ArgumentParser") -> None:
    """Arguments of the command."""
    broker = "amqp://HOST or amqps://HOST; several are taken in turn"
    parser.add_argument("--broker", action="append", default=[], metavar="URL", help=broker)
    parser.add_argument("--listen", metavar="URL", help="carry the exchanges in this process: amqp://127.0.0.1:5672")
    parser.add_argument("--config", metavar="FILE", help="agent.toml; the command line goes before it")
    parser.add_argument("--policy", metavar="FILE", help="policy.toml: who may read and call what")
    parser.add_argument("--interval", type=int, metavar="SECONDS", help="of statistics (10)")
    parser.add_argument("--refresh", type=int, metavar="SECONDS", help="of all other facts, besides changes (300)")
    parser.add_argument("--state", metavar="DIR", help="folder that keeps the agent's name and count of starts")


def run(options: "Namespace") -> int:
    """Serve until a signal ends it."""
    agent = import_module("hostinfo.agent.node")
    try:
        line = _line(agent, options)
        service = agent.Service(agent.settings(line))
    except HostInfoError as error:
        print_error(f"agent: {error}")
        return EXIT_USAGE
    except ValueError as error:
        print_error(f"agent: {error}")
        return EXIT_USAGE
    _log(service)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    signal.signal(signal.SIGHUP, lambda *_: _reload(agent, service, line))
    try:
        service.run()
    except HostInfoError as error:
        print_error(f"agent: {error}")
        return EXIT_NO_DATA
    return EXIT_OK


def _line(agent: "Any", options: "Namespace") -> "Any":
    given = {name: getattr(options, name) for name in ("interval", "refresh", "state")}
    given |= {"policy_file": options.policy, "uri": options.connect}
    values = {name: value for name, value in given.items() if value is not None}
    return agent.CommandLine(config=options.config, brokers=options.broker, listen=options.listen, values=values)


def _reload(agent: "Any", service: "Any", line: "Any") -> None:
    try:
        service.reload(agent.settings(line))
    except HostInfoError as error:
        service.journal.say(3, f"the configuration stays as it was: {error}")


def _log(service: "Any") -> None:
    """What the libraries log goes the same way as what the agent says."""
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            service.journal.say(4 if record.levelno >= logging.WARNING else 6, record.getMessage())

    logger = logging.getLogger("hostinfo")
    logger.addHandler(Handler())
    logger.setLevel(logging.INFO)
