"""What an application provides for its agent: a store of objects, methods, and a read policy."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..schema.members import SchemaMethod
from ..schema.objects import DataObject, ObjectId
from ..schema.schema_class import SchemaClass
from ..schema.schema_id import SchemaId
from ..wire.errors import ErrorCode, QmfError
from ..wire.reply_to import ReplyTo
from ..wire.types import Map


class Store(Protocol):
    """The schemas and objects of an agent. Methods may raise QmfError and may return lazy iterables."""

    def schemas(self) -> Iterable[SchemaClass]:
        """Return all classes of objects and events."""
        ...

    def objects(self, schema_id: SchemaId | None) -> Iterable[DataObject]:
        """Return the objects of the classes that the id covers; the caller filters out any others."""
        ...

    def object(self, object_id: ObjectId) -> DataObject | None:
        """Return the object of this name; None if there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCall:
    """A method call, with arguments that match the schema."""

    name: str
    arguments: Map
    schema: SchemaClass
    method: SchemaMethod
    target: DataObject | None  # None: the request named no object
    user_id: str | None  # as verified by the broker; None: anonymous
    reply_to: ReplyTo
    is_0_10_encoded: bool = False  # the request was, so the response must be


CallMethod = Callable[[MethodCall], Mapping[str, object] | None]
"""Carries out a call; returns the output arguments, or None if `Responder.finish` builds the response later."""

ReadPolicy = Callable[[str | None, SchemaId | None], bool]
"""Returns whether a user (None: anonymous) may read a class (None: the schemas and the agent itself)."""


def reject_all_calls(call: MethodCall) -> Mapping[str, object] | None:
    """Raise NOT_IMPLEMENTED for every call."""
    raise QmfError(f"{call.name}: not implemented", code=ErrorCode.NOT_IMPLEMENTED)


def allow_all_reads(_user: str | None, _schema_id: SchemaId | None) -> bool:
    """Allow every user to read everything."""
    return True
