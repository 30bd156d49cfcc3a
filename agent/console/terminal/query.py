"""The commands with one request: list, get, schema."""

from __future__ import annotations

from collections.abc import Sequence

from ...qmf import Agent, DataObject, Query, SchemaClass, SchemaId
from ..agent_selection import node_name, node_names
from ..responses import Response
from .checks import check_columns, check_where, class_hint
from .session import EXIT_NO_DATA, EXIT_OK, Session, class_id, query_of
from .table import ID, NODE
from .values import class_name, object_record, to_builtins, to_text


def list_agents(session: Session, columns: Sequence[str]) -> int:
    """Show the agents."""
    agents = session.agents()
    if session.output.is_json:
        session.output.write_records(_agent_record(agent) for agent in agents)
    elif agents:
        agents.sort(key=lambda agent: (node_name(agent), agent.name))
        rows = [_agent_row(agent) for agent in agents]
        check_columns(session, agents, None, rows, columns)
        session.output.write_rows(rows, columns)
    return EXIT_OK if agents else EXIT_NO_DATA


def _agent_record(agent: Agent) -> dict[str, object]:
    values = to_builtins(agent.attributes)
    return {"node": node_name(agent), "agent": agent.name, "id": agent.name, "values": values}


def _agent_row(agent: Agent) -> dict[str, object]:
    attributes: dict[str, object] = {
        name: value
        for name, value in agent.attributes.items()
        if not name.startswith(("_", "qmf.", "package_", "class_")) and name != "hostname"
    }
    return {NODE: node_name(agent), **attributes, "agent": agent.name}


def get(session: Session, name: str, where: Sequence[str], columns: Sequence[str]) -> int:
    """Show the objects of a class."""
    query = query_of(name, where)
    agents = session.agents()
    responses = session.query(agents, query)
    names = node_names(agents)
    is_empty = not any(response.objects for response in responses)
    if any(response.is_success for response in responses):
        check_where(session, agents, name, where, (item for response in responses for item in response.objects))
    if session.output.is_json:
        session.output.write_records(
            object_record(names[response.agent], response.agent, item)
            for response in responses
            for item in response.objects
        )
    elif not is_empty:
        rows = [
            _object_row(names[response.agent], item)
            for response in sorted(responses, key=lambda response: names[response.agent])
            for item in response.objects
        ]
        check_columns(session, agents, name, rows, columns)
        session.output.write_rows(rows if columns else _short_ids(rows), columns)
    if is_empty and any(response.is_success for response in responses):
        matching = " that matches the condition" if where else ""
        session.output.print_error(f"console: no object of class {name}{matching}{class_hint(session, agents, name)}")
    return session.report_failures(responses, agents, is_empty=is_empty)


def _object_row(node: str, item: DataObject) -> dict[str, object]:
    """An object as a row of a table, without its reference to the node, which has a column already."""
    properties = {name: value for name, value in item.values.items() if name != "node" or not isinstance(value, dict)}
    return {NODE: node, ID: item.object_id.object_name if item.object_id is not None else None, **properties}


def _short_ids(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The rows without redundant ids: `processor:0` becomes `0`, and the column is omitted if `number` equals it."""
    ids = [str(row[ID]) for row in rows]
    prefix = ids[0].partition(":")[0] + ":"
    if all(one.startswith(prefix) for one in ids):
        ids = [one.removeprefix(prefix) for one in ids]
    is_redundant = any(
        not name.startswith("@") and all(to_text(row.get(name)) == one for row, one in zip(rows, ids, strict=True))
        for name in rows[0]
    )
    if is_redundant and len(rows) > 1:
        return [{name: value for name, value in row.items() if name != ID} for row in rows]
    return [{**row, ID: one} for row, one in zip(rows, ids, strict=True)] if len(rows) > 1 else rows


def schema(session: Session, name: str | None) -> int:
    """Show the classes of the agents, or one of them in full."""
    agents = session.agents()
    found: dict[SchemaId, tuple[SchemaClass, list[str]]] = {}
    names = node_names(agents)
    responses = [
        session.console.schemas(agent, [class_id(name).name] if name else (), session.seconds)
        for agent in agents
        if agent.capability < 1
    ]
    responses += _fetch_v2(session, [agent for agent in agents if agent.capability >= 1], name)
    for response in responses:
        for item in response.items:
            if isinstance(item, SchemaClass) and (name is None or class_id(name).covers(item.id)):
                found.setdefault(item.id, (item, []))[1].append(names[response.agent])
    classes = [found[key][0] for key in sorted(found, key=lambda item: (item.package, item.kind or 0, item.name))]
    if session.output.is_json:
        session.output.write_records(
            {"node": found[item.id][1][0], "id": class_name(item.id), "values": to_builtins(item.to_map())}
            for item in classes
        )
    elif name is None and classes:
        session.output.write_rows([_class_row(item) for item in classes])
    else:
        session.output.write("\n".join(line for item in classes for line in _class_lines(item)) + "\n" * bool(classes))
    if not classes and agents:
        session.output.print_error(
            f"console: no class {name}{class_hint(session, agents, name)}" if name else "console: no schemas"
        )
    return session.report_failures(responses, agents, is_empty=not classes)


def _fetch_v2(session: Session, agents: Sequence[Agent], name: str | None) -> list[Response]:
    """The class ids of all agents, and each class from one agent that has it."""
    ids = session.query(agents, Query(what="SCHEMA_ID"))
    agent_of: dict[tuple[SchemaId, object], str] = {}
    for response in ids:
        for item in response.items:
            if isinstance(item, SchemaId) and (name is None or class_id(name).covers(item)):
                agent_of.setdefault((item, item.hash), response.agent)
    parts = [
        session.console.query([agent], Query(what="SCHEMA", schema_id=item), session.seconds)[0]
        for (item, _), agent in agent_of.items()
    ]
    return [response for response in ids if not response.is_success] + parts


def _class_row(item: SchemaClass) -> dict[str, object]:
    return {
        "@class": item.name,
        "kind": item.kind.name.lower(),
        "properties": len(item.properties),
        "methods": " ".join(method.name for method in item.methods) or None,
        "description": item.description,
        "package": item.package,
    }


def _class_lines(item: SchemaClass) -> list[str]:
    lines = [f"{item.kind.name.lower()} {to_text(class_name(item.id))}", f"  {to_text(item.description)}"]
    lines += [
        f"  {to_text(one.name)}: {one.type.name.lower()}{f' [{to_text(one.unit)}]' if one.unit else ''}"
        f"{' (index)' if one.is_index else ''}{f'  {to_text(one.description)}' if one.description else ''}"
        for one in item.properties
    ]
    for method in item.methods:
        arguments = ", ".join(
            f"{one.direction.name} {to_text(one.name)}: {one.type.name.lower()}" for one in method.arguments
        )
        lines.append(f"  {to_text(method.name)}({arguments})  {to_text(method.description)}".rstrip())
    return [*lines, ""]
