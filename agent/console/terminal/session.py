"""What the commands share: the connection, the selected agents, the report of failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...qmf import Agent, Query, SchemaId, Value
from ...transport import TransportOptions, open_transport
from ..agent_selection import locate_predicate, node_names, select_agents
from ..console import CONNECT_SECONDS, Console
from ..discovery import QUIET_SECONDS
from ..predicates import join, parse_predicate
from ..responses import Response
from .output import Output, Progress

EXIT_OK, EXIT_NO_DATA, EXIT_USAGE, EXIT_PARTIAL = 0, 1, 2, 3
DEFAULT_BROKER = "amqp://127.0.0.1:5672"
SHOWN_NODES = 12
NAMED_QUIET_SECONDS = 0.2  # a name selects few agents


@dataclass(slots=True)
class Session:
    """A console with the options of its command line."""

    console: Console
    output: Output
    brokers: Sequence[str]
    seconds: float
    filters: Sequence[str] = ()
    nodes: Sequence[str] = ()

    def connect(self) -> None:
        """Wait for the connection; each broker is tried once. A longer --seconds applies to it as well."""
        self.console.connect(max(self.seconds, CONNECT_SECONDS), tries=len(self.brokers))

    def agents(self) -> list[Agent]:
        """Return the selected agents; if there are none, print an error, or raise UnknownNode or AmbiguousNode."""
        where = conditions(self.filters)
        specs = [name for text in self.nodes for name in text.split(",") if name]
        with Progress(self.output, f"connecting to {', '.join(self.brokers)}"):
            self.connect()
        with Progress(self.output, "locating agents"):
            quiet = QUIET_SECONDS if not specs else NAMED_QUIET_SECONDS
            found = self.console.agents(join([where, locate_predicate(specs)]), self.seconds, quiet_seconds=quiet)
        if specs:
            return select_agents(specs, found)
        if not found:
            matching = " that matches the filter" if where else ""
            self.output.print_error(f"console: no agent{matching} responded at {', '.join(self.brokers)}")
        return found

    def query(self, agents: Sequence[Agent], query: Query) -> list[Response]:
        """Send a query to all these agents, and show the progress."""
        with Progress(self.output, "waiting for responses", len(agents)) as progress:
            return self.console.query(agents, query, self.seconds, progress.count)

    def report_failures(self, responses: Iterable[Response], agents: Iterable[Agent], *, is_empty: bool) -> int:
        """Print which responses failed or are missing; return the exit code."""
        names = node_names(agents)
        all_responses = list(responses)
        for response in all_responses:
            node = names.get(response.agent, response.agent)
            if response.failure is not None:
                self.output.print_error(f"console: {node}: {response.failure.text}")
            if response.dropped:
                self.output.print_error(f"console: {node}: {response.dropped} items could not be parsed")
        missing = [names.get(one.agent, one.agent) for one in all_responses if not one.is_complete]
        if missing:
            shown = ", ".join(missing[:SHOWN_NODES])
            shown += f" and {len(missing) - SHOWN_NODES} more" if len(missing) > SHOWN_NODES else ""
            count = "the agent" if len(all_responses) == 1 else f"{len(missing)} of {len(all_responses)} agents"
            connected = ", though connected" if self.console.reports_unroutable else ""
            self.output.print_error(f"console: {count} did not respond within {self.seconds:g} s{connected}: {shown}")
        if is_empty and not any(response.failure for response in all_responses):
            return EXIT_NO_DATA
        return EXIT_OK if all(response.is_success for response in all_responses) else EXIT_PARTIAL


def query_of(name: str, where: Sequence[str] = ()) -> Query:
    """Return the query for the objects of a class, `class` or `package:class`, that match all of `where`."""
    return Query(schema_id=class_id(name), where=conditions(where))


def class_id(name: str) -> SchemaId:
    """Return the pattern of a class name."""
    package, _, short = name.rpartition(":")
    return SchemaId(package, short, None)


def conditions(where: Sequence[str]) -> list[Value]:
    """Return the predicate that is true if all of these are."""
    return join([parse_predicate(text) for text in where])


def open_console(options: TransportOptions) -> Console:
    """Create a console with these options."""
    return Console(open_transport(options), domain=options.domain)
