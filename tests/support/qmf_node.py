"""A small agent: schemas, objects and methods, for the tests of both sides."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from hostinfo.agent.qmf import (
    AgentName,
    DataObject,
    DataType,
    Direction,
    Forbidden,
    Identity,
    MethodCall,
    ObjectId,
    Responder,
    SchemaClass,
    SchemaId,
    SchemaKind,
    SchemaMethod,
    SchemaProperty,
    ULong,
    reference,
)

NAME = AgentName("example.org", "hostinfo", "0a1b.c")
UUID_1 = UUID("11111111-2222-3333-4444-555555555555")
PACKAGE = "com.redhat.ovirtNode"
NOW = 1_700_000_000_000_000_000

ECHO = SchemaMethod(
    name="echo",
    description="Return the arguments",
    arguments=(
        SchemaProperty(name="sequence", type=DataType.INT, direction=Direction.IO),
        SchemaProperty(name="body", type=DataType.STRING, direction=Direction.IO),
        SchemaProperty(name="loud", type=DataType.BOOL, is_optional=True),
    ),
)
NODE = SchemaClass(
    package=PACKAGE,
    name="ovirtNode",
    description="The machine",
    properties=(
        SchemaProperty(name="uuid", type=DataType.UUID, is_index=True),
        SchemaProperty(name="hostname", type=DataType.STRING, xml_type="lstr"),
        SchemaProperty(name="memory", type=DataType.INT, unit="B", xml_type="uint64", description="RAM <installed>"),
    ),
    methods=(ECHO, SchemaMethod(name="refresh"), SchemaMethod(name="reboot"), SchemaMethod(name="explode")),
)
PROCESSOR = SchemaClass(
    package=PACKAGE,
    name="processor",
    properties=(
        SchemaProperty(name="number", type=DataType.INT, is_index=True, xml_type="uint32"),
        SchemaProperty(
            name="node", type=DataType.MAP, subtype="reference", references=f"{PACKAGE}:ovirtNode", is_optional=True
        ),
        SchemaProperty(name="mhz", type=DataType.FLOAT, is_statistic=True, unit="MHz"),
    ),
)
LINK_DOWN = SchemaClass(
    package=PACKAGE,
    name="linkDown",
    kind=SchemaKind.EVENT,
    default_severity=4,
    properties=(SchemaProperty(name="interfaceName", type=DataType.STRING),),
)
NODE_ID = ObjectId("node")


def node_object() -> DataObject:
    return DataObject(
        object_id=NODE_ID,
        schema_id=NODE.id,
        values={"uuid": UUID_1, "hostname": "node1", "memory": ULong(2**40)},
        create_ts=NOW,
        update_ts=NOW,
    )


def processor(number: int, update_ts: int = NOW) -> DataObject:
    return DataObject(
        object_id=ObjectId(f"processor-{number}"),
        schema_id=PROCESSOR.id,
        values={"number": number, "node": reference(NODE_ID), "mhz": 2400.5},
        create_ts=NOW,
        update_ts=update_ts,
    )


class MemoryStore:
    """A store in a dict."""

    def __init__(self, processors: int = 20) -> None:
        self.classes = [NODE, PROCESSOR, LINK_DOWN]
        self.all = {"node": node_object()} | {f"processor-{n}": processor(n) for n in range(processors)}

    def schemas(self) -> Iterable[SchemaClass]:
        return self.classes

    def objects(self, schema_id: SchemaId | None) -> Iterable[DataObject]:  # noqa: ARG002
        return self.all.values()

    def object(self, object_id: ObjectId) -> DataObject | None:
        return self.all.get(object_id.object_name)


def call(request: MethodCall) -> Mapping[str, object]:
    match request.name:
        case "echo":
            body = request.arguments["body"]
            assert isinstance(body, str)
            loud = body.upper() if request.arguments.get("loud") else body
            return {"sequence": request.arguments["sequence"], "body": loud}
        case "reboot":
            raise Forbidden("reboot is not allowed")
        case "explode":
            raise RuntimeError("an internal error")
    return {}


def responder(processors: int = 20) -> Responder:
    identity = Identity(name=NAME, attributes={"hostname": "node1", "uuid": str(UUID_1)}, epoch=7, schema_updated=NOW)
    return Responder(identity=identity, store=MemoryStore(processors), call_method=call)
