"""The console's commands on a terminal or in a pipe; they write to an `Output`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hostinfo import Unavailable

from ...qmf import QmfError
from ...transport import TransportOptions
from ..agent_selection import UnknownNode
from ..console import CONNECT_SECONDS
from ..queue_reader import QueueReader
from .call import call
from .output import Output, Progress
from .query import get, list_agents, schema
from .session import DEFAULT_BROKER, EXIT_NO_DATA, EXIT_USAGE, Session, open_console, query_of
from .stream import events, queue_events, queue_watch, watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["DEFAULT_BROKER", "Output", "run"]


def run(options: Namespace, output: Output) -> int:
    """Run the command that the options name; return the exit code."""
    try:
        transport = TransportOptions(
            urls=tuple(options.broker or (DEFAULT_BROKER,)),
            name="hostinfo-console",
            domain=options.domain,
            address_scheme=options.address_scheme,
            ca=options.ca,
            certificate=options.certificate,
            key=options.key,
            user=options.user,
            password_file=options.password_file,
            keytab=options.keytab,
            mechanisms=tuple(options.mechanism or ()),
            allow_anonymous=options.allow_anonymous,
            allow_cleartext=options.allow_cleartext,
        )
        if getattr(options, "queue", None) is not None:
            return _read_queue(transport, options, output)
        with open_console(transport) as console:
            session = Session(console, output, transport.urls, options.seconds, options.filter or (), _nodes(options))
            return _run_command(session, options)
    except (Unavailable, UnknownNode) as error:
        output.print_error(f"console: {error}")
        return EXIT_NO_DATA
    except QmfError as error:
        output.print_error(f"console: {error}")
        return EXIT_USAGE


def _read_queue(transport: TransportOptions, options: Namespace, output: Output) -> int:
    """Show what is in a queue; nothing is requested from agents."""
    if options.node or options.filter:
        output.print_error("console: --node and --filter need requests to agents; with --from select by --where")
        return EXIT_USAGE
    where = options.where or () if options.action == "watch" else ()
    query = query_of(options.class_name, where) if options.action == "watch" else None
    with QueueReader(replace(transport, queue=options.queue, queue_offset=options.offset)) as reader:
        with Progress(output, f"connecting to {', '.join(transport.urls)}"):
            reader.connect(max(options.seconds, CONNECT_SECONDS))
        if query is None:
            return queue_events(reader, output, options.during, options.count)
        return queue_watch(reader, output, query, options.during, options.count)


def _nodes(options: Namespace) -> Sequence[str]:
    return [options.target_node] if options.action == "call" else options.node or ()


def _run_command(session: Session, options: Namespace) -> int:
    columns: Sequence[str] = [name for text in options.columns or () for name in text.split(",") if name]
    match options.action:
        case "list":
            return list_agents(session, columns)
        case "get":
            return get(session, options.class_name, options.where or (), columns)
        case "schema":
            return schema(session, options.class_name)
        case "call":
            return call(session, options.target, options.arguments, options.where or ())
        case "events":
            return events(session, options.during, options.count)
        case "watch":
            limits = (options.during, options.count)
            return watch(session, options.class_name, options.where or (), options.interval, limits)
    raise AssertionError(options.action)
