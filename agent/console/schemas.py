"""The schemas of an agent: with QMFv2, or with QMFv1 for agents that support nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from time import monotonic

from ..qmf import Query, SchemaId
from .console_state import BROKER
from .dispatcher import Dispatcher
from .requests import RequestSpec, send_requests
from .responses import Response

MAX_SCHEMAS = 4_096
QPIDD = "apache.org:qpidd:"
QPIDD_CLASSES = (
    "acl", "binding", "bridge", "broker", "connection", "domain", "exchange", "incoming", "link", "memory",
    "outgoing", "queue", "session", "subscription", "system", "topic", "vhost",
)  # fmt: skip
"""Classes of qpid's management-schema.xml: its agent answers only queries that name a class."""


def fetch_schemas(dispatcher: Dispatcher, agent: str, classes: Iterable[str], seconds: float) -> Response:
    """Return all schemas of an agent as one response; it is incomplete if any part is missing."""
    deadline = monotonic() + seconds
    known = dispatcher.agent(agent)
    if agent == BROKER or (known is not None and known.capability < 1):
        return _fetch_v1(dispatcher, agent, list(classes), deadline)
    ids = _query(dispatcher, agent, [Query(what="SCHEMA_ID")], deadline)
    queries = [Query(what="SCHEMA", schema_id=item) for item in ids.items[:MAX_SCHEMAS] if isinstance(item, SchemaId)]
    if ids.failure is not None or not ids.is_complete:
        return ids
    return _query(dispatcher, agent, queries, deadline)


def _query(dispatcher: Dispatcher, agent: str, queries: list[Query], deadline: float) -> Response:
    specs = [RequestSpec.query(agent, query) for query in queries]
    return _joined(agent, send_requests(dispatcher, specs, deadline - monotonic()))


def _fetch_v1(dispatcher: Dispatcher, agent: str, classes: list[str], deadline: float) -> Response:
    if not classes and (agent == BROKER or agent.startswith(QPIDD)):
        classes = list(QPIDD_CLASSES)
    if classes:  # the QMFv1 request needs the schema's hash, which the objects of a class have
        queries = [Query(schema_id=SchemaId("", name, None)) for name in classes]
        objects = _query(dispatcher, agent, queries, deadline)
        ids = {item.schema_id for item in objects.objects if item.schema_id is not None}
    else:
        ids = set(dispatcher.classes(agent))
    ordered = sorted(ids, key=lambda item: (item.package, item.name))
    specs = [RequestSpec.schema_v1(agent, item) for item in ordered]
    return _joined(agent, send_requests(dispatcher, specs, deadline - monotonic()))


def _joined(agent: str, parts: list[tuple[Response, str]]) -> Response:
    whole = Response(agent=agent, is_complete=True)
    for part, _ in parts:
        whole = replace(
            whole,
            items=whole.items + part.items,
            failure=whole.failure or part.failure,
            is_complete=whole.is_complete and part.is_complete,
            dropped=whole.dropped + part.dropped,
        )
    return whole
