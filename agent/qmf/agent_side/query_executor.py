"""Answering queries from a store of objects, within what a user may read and a budget of work."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..query.budget import Budget
from ..query.query import Query
from ..schema.members import SchemaMethod
from ..schema.objects import DataObject, ObjectId
from ..schema.schema_class import SchemaClass
from ..schema.schema_id import SchemaId
from ..wire.errors import ErrorCode, Forbidden, Malformed, NotFound, quote_short
from ..wire.message import Content
from ..wire.sanitise import sanitise_map
from ..wire.types import Map
from .interfaces import ReadPolicy, Store
from .messages import Identity


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one agent's store on behalf of a user (None: anonymous)."""

    identity: Identity
    store: Store
    may_read: ReadPolicy

    def answer(self, query: Query, user_id: str | None) -> tuple[str, Iterable[Map]]:
        """Give the kind of content and the maps that answer a query, lazily; Forbidden, Malformed, TooLarge."""
        if query.what in ("SCHEMA", "SCHEMA_ID"):
            self.allow(user_id, None)
        if query.what == "SCHEMA_ID":
            return Content.SCHEMA_ID, (item.id.to_map() for item in self._schemas(query))
        if query.what == "SCHEMA":
            if query.schema_id is None:
                raise Malformed("query: SCHEMA needs a _schema_id")
            return Content.SCHEMA, (sanitise_map(item.to_map()) for item in self._schemas(query))
        objects = self.evaluate(query, user_id)
        if query.what == "OBJECT":
            return Content.DATA, (item.to_map() for item in objects)
        ids = (item.object_id for item in objects)
        return Content.OBJECT_ID, (object_id.to_map() for object_id in ids if object_id is not None)

    def _schemas(self, query: Query) -> Iterator[SchemaClass]:
        budget = Budget()
        for item in self.store.schemas():
            named = query.schema_id is None or query.schema_id.covers(item.id)
            if named and query.predicate.matches(item.id.to_map(), budget):
                yield item

    def evaluate(self, query: Query, user_id: str | None) -> Iterator[DataObject]:
        """Find the objects that a query names and its user may see; a class that is named and refused is an error."""
        if query.object_id is not None:
            found = self.find(query.object_id)
            candidates: Iterable[DataObject] = [] if found is None else [found]
        else:
            if query.schema_id is not None and query.schema_id.name:
                self.allow(user_id, query.schema_id)
            candidates = self.store.objects(query.schema_id)
        budget = Budget()
        for item in candidates:
            if not item.is_deleted and self.may_read(user_id, item.schema_id) and query.matches(item, budget):
                yield item

    def find(self, object_id: ObjectId) -> DataObject | None:
        """Find one living object of this agent."""
        if object_id.agent_name not in ("", str(self.identity.name)):
            return None
        found = self.store.object(object_id)
        if found is None or found.object_id is None or found.is_deleted:
            return None
        return found if found.object_id.same_object(object_id) else None

    def allow(self, user_id: str | None, schema_id: SchemaId | None) -> None:
        """Raise Forbidden when the policy says no."""
        if not self.may_read(user_id, schema_id):
            raise Forbidden("not allowed by the agent's policy")

    def method(self, name: str, target: DataObject | None) -> tuple[SchemaClass, SchemaMethod]:
        """Find the method of an object's class, or the only one of that name; NotFound."""
        wanted = None if target is None else target.schema_id
        found = [
            (schema, method)
            for schema in self.store.schemas()
            if wanted is None or wanted.covers(schema.id)
            if (method := schema.method(name)) is not None
        ]
        if not found:
            raise NotFound(f"no method {quote_short(name)}", code=ErrorCode.UNKNOWN_METHOD)
        if len(found) > 1:
            raise NotFound(f"{quote_short(name)} is a method of several classes: name the object")
        return found[0]
