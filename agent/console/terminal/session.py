"""What the commands share: the connection, which nodes are meant, who did not answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...qmf import Agent, Query, SchemaId, Value
from ...transport import TransportOptions, open_transport
from ..answers import Answer
from ..console import CONNECT_SECONDS, QUIET_SECONDS, Console
from ..nodes import choose, labels, locating
from ..predicates import join, parse_where
from .screen import Progress, Screen

EXIT_OK, EXIT_NO_DATA, EXIT_USAGE, EXIT_PARTIAL = 0, 1, 2, 3
DEFAULT_BROKER = "amqp://127.0.0.1:5672"
NAMED = 12
NAMED_QUIET_SECONDS = 0.2  # few agents can be meant by a name


@dataclass(slots=True)
class Session:
    """A console with the options of its command line."""

    console: Console
    screen: Screen
    brokers: Sequence[str]
    seconds: float
    filters: Sequence[str] = ()
    nodes: Sequence[str] = ()

    def connect(self) -> None:
        """Wait for the connection: each broker is tried once, and whoever grants the agents more time grants it too."""
        self.console.connect(max(self.seconds, CONNECT_SECONDS), tries=len(self.brokers))

    def agents(self) -> list[Agent]:
        """Find the agents that are meant; Unknown, Ambiguous, Unavailable, or an empty list with a complaint."""
        where = join([parse_where(text) for text in self.filters])
        specs = [name for text in self.nodes for name in text.split(",") if name]
        with Progress(self.screen, f"connecting to {', '.join(self.brokers)}"):
            self.connect()
        with Progress(self.screen, "looking for agents"):
            quiet = QUIET_SECONDS if not specs else NAMED_QUIET_SECONDS
            found = self.console.agents(join([where, locating(specs)]), self.seconds, quiet_seconds=quiet)
        if specs:
            return choose(specs, found)
        if not found:
            among = " that fulfils the filter" if where else ""
            self.screen.print_error(f"console: no agent{among} answers at {', '.join(self.brokers)}")
        return found

    def ask(self, agents: Sequence[Agent], query: Query) -> list[Answer]:
        """Ask them all, with progress."""
        with Progress(self.screen, "asking", len(agents)) as progress:
            return self.console.query(agents, query, self.seconds, progress.answer)

    def settle(self, answers: Iterable[Answer], agents: Iterable[Agent], *, is_empty: bool) -> int:
        """Complain of what is missing, and give the exit status."""
        names = labels(agents)
        all_answers = list(answers)
        silent = [names.get(answer.agent, answer.agent) for answer in all_answers if not answer.is_complete]
        for answer in all_answers:
            node = names.get(answer.agent, answer.agent)
            if answer.failure is not None:
                self.screen.print_error(f"console: {node}: {answer.failure.text}")
            if answer.dropped:
                self.screen.print_error(f"console: {node}: {answer.dropped} items could not be understood")
        if silent:
            shown = ", ".join(silent[:NAMED]) + (f" and {len(silent) - NAMED} more" if len(silent) > NAMED else "")
            whole = "the agent" if len(all_answers) == 1 else f"{len(silent)} of {len(all_answers)}"
            self.screen.print_error(f"console: {whole} did not answer in {self.seconds:g} s: {shown}")
        if is_empty:
            return EXIT_NO_DATA
        return EXIT_OK if all(answer.is_good for answer in all_answers) else EXIT_PARTIAL


def query_of(name: str, where: Sequence[str] = ()) -> Query:
    """Give the query for a class, `class` or `package:class`, whose objects fulfil all of `where`."""
    return Query(schema_id=class_id(name), where=conditions(where))


def class_id(name: str) -> SchemaId:
    """Give the pattern of a class name."""
    package, _, short = name.rpartition(":")
    return SchemaId(package, short, None)


def conditions(where: Sequence[str]) -> list[Value]:
    """Give the predicate of all these texts."""
    return join([parse_where(text) for text in where])


def open_console(options: TransportOptions) -> Console:
    """Give a console for these options."""
    return Console(open_transport(options), domain=options.domain)
