"""What an agent must offer so that the protocol library can answer for it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..schema.members import SchemaMethod
from ..schema.objects import DataObject, ObjectId
from ..schema.schema_class import SchemaClass
from ..schema.schema_id import SchemaId
from ..wire.errors import ErrorCode, QmfError
from ..wire.types import Map
from .messages import ReplyTo


class Store(Protocol):
    """What an agent has. The methods may raise QmfError, and may be lazy."""

    def schemas(self) -> Iterable[SchemaClass]:
        """Give all classes of objects and events."""
        ...

    def objects(self, schema_id: SchemaId | None) -> Iterable[DataObject]:
        """Give the objects of the classes that the id covers, or all; more are filtered out."""
        ...

    def object(self, object_id: ObjectId) -> DataObject | None:
        """Give one object by its name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCall:
    """A checked call; its arguments are those of the schema."""

    name: str
    arguments: Map
    schema: SchemaClass
    method: SchemaMethod
    target: DataObject | None  # None: the caller named no object
    user_id: str | None  # as the broker verified it; None: anonymous
    reply: ReplyTo
    is_0_10_encoded: bool = False


CallMethod = Callable[[MethodCall], Mapping[str, object] | None]
"""Does a call: gives its output arguments, or None when `Responder.finish` will answer later. Raises QmfError."""

ReadPolicy = Callable[[str | None, SchemaId | None], bool]
"""Whether a user (None: anonymous) may read a class (None: schemas and the agent as such)."""


def reject_all_calls(call: MethodCall) -> Mapping[str, object] | None:
    """Refuse every call."""
    raise QmfError(f"{call.name}: not implemented", code=ErrorCode.NOT_IMPLEMENTED)


def allow_all_reads(_user: str | None, _schema_id: SchemaId | None) -> bool:
    """Allow all reading."""
    return True
