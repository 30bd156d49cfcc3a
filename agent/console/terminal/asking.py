"""The commands that ask once: list, get, schema."""

from collections.abc import Sequence

from ...qmf import Agent, DataObject, Query, SchemaClass, SchemaId
from ..answers import Answer
from ..nodes import label, labels
from .session import EXIT_NO_DATA, EXIT_OK, Session, class_id, query_of
from .table import ID, NODE
from .values import class_name, plain, record, shown


def list_agents(session: Session, wanted: Sequence[str]) -> int:
    """Show who is there."""
    agents = session.agents()
    if session.screen.is_json:
        session.screen.records(_agent_record(agent) for agent in agents)
    elif agents:
        agents.sort(key=lambda agent: (label(agent), agent.name))
        session.screen.rows([_agent_row(agent) for agent in agents], wanted)
    return EXIT_OK if agents else EXIT_NO_DATA


def _agent_record(agent: Agent) -> dict[str, object]:
    values = plain(agent.attributes)
    return {"node": label(agent), "agent": agent.name, "id": agent.name, "values": values}


def _agent_row(agent: Agent) -> dict[str, object]:
    own: dict[str, object] = {
        name: value
        for name, value in agent.attributes.items()
        if not name.startswith(("_", "qmf.", "package_", "class_")) and name != "hostname"
    }
    return {NODE: label(agent), **own, "agent": agent.name}


def get(session: Session, name: str, where: Sequence[str], wanted: Sequence[str]) -> int:
    """Show the objects of a class."""
    query = query_of(name, where)
    agents = session.agents()
    answers = session.ask(agents, query)
    names = labels(agents)
    is_empty = not any(answer.objects for answer in answers)
    if session.screen.is_json:
        session.screen.records(
            record(names[answer.agent], answer.agent, item) for answer in answers for item in answer.objects
        )
    elif not is_empty:
        rows = [
            object_row(names[answer.agent], item)
            for answer in sorted(answers, key=lambda answer: names[answer.agent])
            for item in answer.objects
        ]
        session.screen.rows(rows if wanted else short_ids(rows), wanted)
    if is_empty and any(answer.is_good for answer in answers):
        matching = " that fulfils the condition" if where else ""
        session.screen.print_error(f"console: no object of class {name}{matching}{_classes(session, agents, name)}")
    return session.settle(answers, agents, is_empty=is_empty)


def object_row(node: str, item: DataObject) -> dict[str, object]:
    """Give an object as a row of a table; where it belongs to is not said twice."""
    own = {name: value for name, value in item.values.items() if name != "node" or not isinstance(value, dict)}
    return {NODE: node, ID: item.object_id.object_name if item.object_id is not None else None, **own}


def short_ids(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Give the rows without what their ids only repeat: `processor:0` is `0`, and no column where `number` is that."""
    ids = [str(row[ID]) for row in rows]
    prefix = ids[0].partition(":")[0] + ":"
    if all(one.startswith(prefix) for one in ids):
        ids = [one.removeprefix(prefix) for one in ids]
    told = any(
        not name.startswith("@") and all(shown(row.get(name)) == one for row, one in zip(rows, ids, strict=True))
        for name in rows[0]
    )
    if told and len(rows) > 1:
        return [{name: value for name, value in row.items() if name != ID} for row in rows]
    return [{**row, ID: one} for row, one in zip(rows, ids, strict=True)] if len(rows) > 1 else rows


def _classes(session: Session, agents: Sequence[Agent], name: str) -> str:
    """Say which classes there are, where the one asked for is none."""
    some = [agent for agent in agents if agent.capability >= 1][:20]
    answers = session.console.query(some, Query(what="SCHEMA_ID"), min(session.seconds, 2.0))
    known = {item for answer in answers for item in answer.items if isinstance(item, SchemaId)}
    if not known or any(class_id(name).covers(item) for item in known):
        return ""
    return f"; there are {', '.join(sorted({item.name for item in known}))}"


def schema(session: Session, name: str | None) -> int:
    """Show the classes of the agents, or one of them in full."""
    agents = session.agents()
    old = [agent for agent in agents if agent.capability < 1]
    found: dict[SchemaId, tuple[SchemaClass, list[str]]] = {}
    names = labels(agents)
    answers = [session.console.schemas(agent, [class_id(name).name] if name else (), session.seconds) for agent in old]
    answers += _new_schemas(session, [agent for agent in agents if agent.capability >= 1], name)
    for answer in answers:
        for item in answer.items:
            if isinstance(item, SchemaClass) and (name is None or class_id(name).covers(item.id)):
                found.setdefault(item.id, (item, []))[1].append(names[answer.agent])
    classes = [found[key][0] for key in sorted(found, key=lambda item: (item.package, item.kind or 0, item.name))]
    if session.screen.is_json:
        session.screen.records(
            {"node": found[item.id][1][0], "id": class_name(item.id), "values": plain(item.to_map())}
            for item in classes
        )
    elif name is None and classes:
        session.screen.rows([_class_row(item) for item in classes])
    else:
        session.screen.write("\n".join(line for item in classes for line in _class_lines(item)) + "\n" * bool(classes))
    if not classes and agents:
        session.screen.print_error(f"console: no class {name}" if name else "console: no schemas")
    return session.settle(answers, agents, is_empty=not classes)


def _new_schemas(session: Session, agents: Sequence[Agent], name: str | None) -> list[Answer]:
    """Ask all which classes they have, and one of those that have a class for it."""
    ids = session.ask(agents, Query(what="SCHEMA_ID"))
    where: dict[tuple[SchemaId, object], str] = {}
    for answer in ids:
        for item in answer.items:
            if isinstance(item, SchemaId) and (name is None or class_id(name).covers(item)):
                where.setdefault((item, item.hash), answer.agent)
    parts = [
        session.console.query([agent], Query(what="SCHEMA", schema_id=item), session.seconds)[0]
        for (item, _), agent in where.items()
    ]
    return [answer for answer in ids if not answer.is_good] + parts


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
    lines = [f"{item.kind.name.lower()} {shown(class_name(item.id))}", f"  {shown(item.description)}"]
    lines += [
        f"  {shown(one.name)}: {one.type.name.lower()}{f' [{shown(one.unit)}]' if one.unit else ''}"
        f"{' (index)' if one.is_index else ''}{f'  {shown(one.description)}' if one.description else ''}"
        for one in item.properties
    ]
    for method in item.methods:
        arguments = ", ".join(
            f"{one.direction.name} {shown(one.name)}: {one.type.name.lower()}" for one in method.arguments
        )
        lines.append(f"  {shown(method.name)}({arguments})  {shown(method.description)}".rstrip())
    return [*lines, ""]
