"""Selection of agents by what a user gives: agent name, host name, UUID, instance, or an unambiguous prefix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..qmf import Agent, Predicate, Value
from ..qmf.wire.errors import QmfError, quote_short

NAME_ATTRIBUTES = ("_name", "hostname", "uuid", "_instance")
MAX_SPECS = 8  # more would make the locate request larger than agents accept
SHOWN_NODES = 5
_LAST_CHARACTER = "\U0010ffff"


class AmbiguousNode(QmfError):
    """A prefix that several nodes share."""


class UnknownNode(QmfError):
    """A name that no agent has."""


def matches(predicate: Predicate, agent: Agent) -> bool:
    """Whether an agent's attributes match; False if they cannot be compared."""
    try:
        return predicate.matches(agent.attributes)
    except QmfError:
        return False


def locate_predicate(specs: Sequence[str]) -> list[Value]:
    """Return a predicate that matches all agents that could be meant, and few others: fewer responses in a large fleet.

    It is empty, and so matches all agents, for no or too many specs.
    """
    if not specs or len(specs) > MAX_SPECS:
        return []
    parts: list[Value] = []
    spellings = {spelling for spec in specs for spelling in (spec, spec.lower())}
    for name in NAME_ATTRIBUTES:
        for spelling in spellings:
            upper = spelling + _LAST_CHARACTER
            parts.append(["and", ["ge", name, ["quote", spelling]], ["le", name, ["quote", upper]]])
    return ["or", *parts]


def select_agents(specs: Sequence[str], agents: Iterable[Agent]) -> list[Agent]:
    """Return the selected agents, each once; raise UnknownNode or AmbiguousNode with the spec.

    A complete name selects every agent of that node. A prefix must belong to a single node.
    """
    known = list(agents)
    selected: dict[str, Agent] = {}
    for spec in specs:
        selected |= {agent.name: agent for agent in _select(spec, known)}
    return list(selected.values())


def node_name(agent: Agent) -> str:
    """Return the name to show for an agent's node: the host name, else the agent's name."""
    hostname = agent.attributes.get("hostname")
    return hostname if isinstance(hostname, str) and hostname else agent.name


def node_names(agents: Iterable[Agent]) -> dict[str, str]:
    """Return agent name -> name to show for its node: the agent's name if several agents share a host name."""
    known = list(agents)
    count: dict[str, int] = {}
    for agent in known:
        count[node_name(agent)] = count.get(node_name(agent), 0) + 1
    return {agent.name: node_name(agent) if count[node_name(agent)] == 1 else agent.name for agent in known}


def _select(spec: str, known: list[Agent]) -> list[Agent]:
    lowered = spec.lower()
    exact = [agent for agent in known if lowered in _names(agent)]
    if exact:
        return exact
    found = [agent for agent in known if any(name.startswith(lowered) for name in _names(agent))]
    if not found:
        raise UnknownNode(f"no agent named {quote_short(spec)} responded")
    nodes = {node_name(agent) for agent in found}
    if len(nodes) > 1:
        shown = ", ".join(sorted(nodes)[:SHOWN_NODES]) + (", …" if len(nodes) > SHOWN_NODES else "")
        raise AmbiguousNode(f"{quote_short(spec)} is ambiguous: {shown}")
    return found


def _names(agent: Agent) -> set[str]:
    values = (agent.name, *(agent.attributes.get(name) for name in NAME_ATTRIBUTES))
    return {str(value).lower() for value in values if value}
