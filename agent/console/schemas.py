"""Schemas of an agent: the v2 way, and the QMFv1 way for agents that know no other."""

from collections.abc import Iterable
from dataclasses import replace
from time import monotonic

from ..qmf import Query, SchemaId
from .answers import Answer
from .asking import BROKER, Job, ask
from .post import Post

MOST = 4_096
QPIDD = "apache.org:qpidd:"
QPIDD_CLASSES = (
    "acl", "binding", "bridge", "broker", "connection", "domain", "exchange", "incoming", "link", "memory",
    "outgoing", "queue", "session", "subscription", "system", "topic", "vhost",
)  # fmt: skip
"""What qpid's management-schema.xml has: its agent can be asked for nothing without naming a class."""


def ask_schemas(post: Post, agent: str, classes: Iterable[str], seconds: float) -> Answer:
    """Give all schemas of an agent as one answer; one that is not complete where a part did not come."""
    deadline = monotonic() + seconds
    known = post.agent(agent)
    is_old = agent == BROKER or (known is not None and known.capability < 1)
    if is_old:
        return _ask_v1(post, agent, list(classes), deadline)
    ids = _ask(post, agent, [Query(what="SCHEMA_ID")], deadline)
    queries = [Query(what="SCHEMA", schema_id=item) for item in ids.items[:MOST] if isinstance(item, SchemaId)]
    if ids.failure is not None or not ids.is_complete:
        return ids
    return _ask(post, agent, queries, deadline)


def _ask(post: Post, agent: str, queries: list[Query], deadline: float) -> Answer:
    jobs = [Job.query(agent, query) for query in queries]
    return _joined(agent, ask(post, jobs, deadline - monotonic()))


def _ask_v1(post: Post, agent: str, classes: list[str], deadline: float) -> Answer:
    if not classes and (agent == BROKER or agent.startswith(QPIDD)):
        classes = list(QPIDD_CLASSES)
    if classes:  # their objects tell the hash, which the old request needs
        queries = [Query(schema_id=SchemaId("", name, None)) for name in classes]
        objects = _ask(post, agent, queries, deadline)
        ids = {item.schema_id for item in objects.objects if item.schema_id is not None}
    else:
        ids = set(post.classes(agent))
    jobs = [Job.schema_v1(agent, item) for item in sorted(ids, key=lambda item: (item.package, item.name))]
    return _joined(agent, ask(post, jobs, deadline - monotonic()))


def _joined(agent: str, parts: list[tuple[Answer, str]]) -> Answer:
    whole = Answer(agent=agent, is_complete=True)
    for part, _ in parts:
        whole = replace(
            whole,
            items=whole.items + part.items,
            failure=whole.failure or part.failure,
            is_complete=whole.is_complete and part.is_complete,
            dropped=whole.dropped + part.dropped,
        )
    return whole
