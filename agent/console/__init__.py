"""A QMF v2 console as a library: requests to any number of agents at once, and subscriptions.

    from hostinfo.agent.console import Console
    from hostinfo.agent.qmf import Query
    from hostinfo.agent.transport import TransportOptions, open_transport

    with Console(open_transport(TransportOptions(urls=("amqp://127.0.0.1:5672",)))) as console:
        agents = console.agents()
        for response in console.query(agents, Query.from_text("{class: processor}")):
            print(response.agent, response.is_complete, [item.values for item in response.objects])

It works with agents of this project, of Apache Qpid's libraries in C++, Python and Java, and with qpidd's built-in one.
"""

from .agent_selection import AmbiguousNode, UnknownNode, locate_predicate, node_name, node_names, select_agents
from .console import Console
from .listener import Listener
from .predicates import parse_predicate
from .responses import AgentChange, AgentState, Notification, Response, Update, UpdateKind
from .subscription import Subscription

__all__ = [
    "AgentChange",
    "AgentState",
    "AmbiguousNode",
    "Console",
    "Listener",
    "Notification",
    "Response",
    "Subscription",
    "UnknownNode",
    "Update",
    "UpdateKind",
    "locate_predicate",
    "node_name",
    "node_names",
    "parse_predicate",
    "select_agents",
]
