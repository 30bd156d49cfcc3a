"""``hostinfo agent``: publish this node's facts over AMQP."""

from __future__ import annotations

import signal
from importlib import import_module

from hostinfo.cli.streams import EXIT_NO_DATA, EXIT_OK, EXIT_USAGE, print_error
from hostinfo.errors import HostInfoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

DESCRIPTION = """\
Publishes this node's facts, statistics and events over AMQP 1.0 with QMF v2: to the
consoles at the same broker, or with --listen to consoles that connect to the agent
itself. Without --broker and --listen, the brokers are looked up in DNS. Lost connections
are retried until they are restored.

SIGHUP reloads the configuration and the policy, SIGTERM stops the agent. Passwords are
read from files that the configuration names, never from the command line.

exit status: 0 stopped by a signal, 1 could not start, 2 wrong usage or configuration.
"""
EXAMPLES = (
    ("hostinfo agent --listen amqp://127.0.0.1:5672", "for consoles on this host; no broker needed"),
    ("hostinfo agent --broker amqps://broker.example.com", "through a broker, over TLS"),
    ("hostinfo agent --config /etc/hostinfo/agent.toml", "as the system service runs it"),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    broker = "amqp://HOST or amqps://HOST; repeat it to name several, which are tried in turn"
    parser.add_argument("--broker", action="append", default=[], metavar="URL", help=broker)
    parser.add_argument(
        "--listen", metavar="URL", help="run the exchanges in this process, such as at amqp://127.0.0.1:5672"
    )
    parser.add_argument("--config", metavar="FILE", help="agent.toml; the command line overrides it")
    parser.add_argument("--policy", metavar="FILE", help="policy.toml: who may read and call what")
    parser.add_argument("--statistics-seconds", type=int, metavar="N", help="interval of reading statistics (10)")
    parser.add_argument("--inventory-seconds", type=int, metavar="N", help="interval of reading all other facts (300)")
    parser.add_argument("--state", metavar="DIR", help="folder that keeps the agent's name and epoch")


def run(options: Namespace) -> int:
    """Serve until a signal; return the exit code."""
    agent = import_module("hostinfo.agent.node")
    try:
        line = _line(agent, options)
        service = agent.Service(agent.settings(line))
    except (HostInfoError, ValueError) as error:
        print_error(f"agent: {error}")
        return EXIT_USAGE
    _forward_logging(service)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    signal.signal(signal.SIGHUP, lambda *_: _reload(agent, service, line))
    try:
        service.run()
    except HostInfoError as error:
        print_error(f"agent: {error}")
        return EXIT_NO_DATA
    return EXIT_OK


def _line(agent: Any, options: Namespace) -> Any:
    given = {name: getattr(options, name) for name in ("statistics_seconds", "inventory_seconds", "state")}
    given |= {"policy_file": options.policy, "uri": options.connect}
    values = {name: value for name, value in given.items() if value is not None}
    return agent.CommandLine(config=options.config, brokers=options.broker, listen=options.listen, values=values)


def _reload(agent: Any, service: Any, line: Any) -> None:
    try:
        service.reload(agent.settings(line))
    except HostInfoError as error:
        service.journal.log(3, f"configuration not reloaded, the previous one stays in effect: {error}")


def _forward_logging(service: Any) -> None:
    """Write log records of the libraries to the agent's journal."""
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            priority = 4 if record.levelno >= logging.WARNING else 6
            service.journal.log(priority, record.getMessage(), **getattr(record, "fields", {}))

    logger = logging.getLogger("hostinfo")
    logger.addHandler(Handler())
    logger.setLevel(logging.INFO)
