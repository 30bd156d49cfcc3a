"""Which agents a user means: by agent name, host name, UUID, instance, or the beginning of one."""

from collections.abc import Iterable, Sequence

from ..qmf import Agent, Predicate, Value
from ..qmf.wire.errors import QmfError, quote_short

NAMES = ("_name", "hostname", "uuid", "_instance")
MOST_SPECS = 8  # more make the locate request larger than agents take
_LAST = "\U0010ffff"


class Ambiguous(QmfError):
    """The beginning of a name that several nodes have."""


class Unknown(QmfError):
    """No agent has this name."""


def matching(predicate: Predicate, agent: Agent) -> bool:
    """Tell whether an agent's attributes match; those too odd to compare do not."""
    try:
        return predicate.matches(agent.attributes)
    except QmfError:
        return False


def locating(specs: Sequence[str]) -> list[Value]:
    """Give a predicate that all agents fulfil that could be meant, and few others: less to answer in a large fleet."""
    if not specs or len(specs) > MOST_SPECS:
        return []
    parts: list[Value] = []
    spellings = {spelling for spec in specs for spelling in (spec, spec.lower())}
    for name in NAMES:
        parts += [["and", ["ge", name, ["quote", it]], ["le", name, ["quote", it + _LAST]]] for it in spellings]
    return ["or", *parts]


def choose(specs: Sequence[str], agents: Iterable[Agent]) -> list[Agent]:
    """Give the agents that are meant, each once; Unknown or Ambiguous names the one that is not clear.

    A whole name means every agent of that node. The beginning of one must be that of a single node.
    """
    known = list(agents)
    chosen: dict[str, Agent] = {}
    for spec in specs:
        chosen |= {agent.name: agent for agent in _meant(spec, known)}
    return list(chosen.values())


def _meant(spec: str, known: list[Agent]) -> list[Agent]:
    wanted = spec.lower()
    exact = [agent for agent in known if wanted in _names(agent)]
    if exact:
        return exact
    found = [agent for agent in known if any(name.startswith(wanted) for name in _names(agent))]
    if not found:
        raise Unknown(f"no agent answers to {quote_short(spec)}")
    hosts = {label(agent) for agent in found}
    if len(hosts) > 1:
        shown = ", ".join(sorted(hosts)[:5]) + (", …" if len(hosts) > 5 else "")
        raise Ambiguous(f"{quote_short(spec)} may be {shown}")
    return found


def label(agent: Agent) -> str:
    """What to call the node: its host name, else the agent's name."""
    hostname = agent.attributes.get("hostname")
    return hostname if isinstance(hostname, str) and hostname else agent.name


def labels(agents: Iterable[Agent]) -> dict[str, str]:
    """Agent name -> what to call its node; the agent's own name where several share a host name."""
    known = list(agents)
    count: dict[str, int] = {}
    for agent in known:
        count[label(agent)] = count.get(label(agent), 0) + 1
    return {agent.name: label(agent) if count[label(agent)] == 1 else agent.name for agent in known}


def _names(agent: Agent) -> set[str]:
    values = (agent.name, *(agent.attributes.get(name) for name in NAMES))
    return {str(value).lower() for value in values if value}
