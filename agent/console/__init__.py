"""A QMF v2 console as a library: asks any number of agents at once, and listens to them.

    from hostinfo.agent.console import Console
    from hostinfo.agent.qmf import Query
    from hostinfo.agent.transport import TransportOptions, open_transport

    with Console(open_transport(TransportOptions(urls=("amqp://127.0.0.1:5672",)))) as console:
        agents = console.agents()
        for answer in console.query(agents, Query.from_text("{class: processor}")):
            print(answer.agent, answer.is_complete, [item.values for item in answer.objects])

It speaks with agents of this project, of Apache Qpid's libraries in C++, Python and Java, and with qpidd's own.
"""

from .answers import AgentNews, Answer, Kind, Life, Update
from .console import Console, Listener
from .nodes import Ambiguous, Unknown, choose, label, labels, locating
from .predicates import parse_where
from .subscribing import Subscription

__all__ = [
    "AgentNews",
    "Ambiguous",
    "Answer",
    "Console",
    "Kind",
    "Life",
    "Listener",
    "Subscription",
    "Unknown",
    "Update",
    "choose",
    "label",
    "labels",
    "locating",
    "parse_where",
]
