"""Execute queries on a store, limited to what the user may read and to a budget of evaluation steps."""

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
from .identity import Identity
from .interfaces import ReadPolicy, Store


@dataclass(frozen=True, slots=True)
class QueryExecutor:
    """Executes queries on the store of one agent, on behalf of a user (None: anonymous)."""

    identity: Identity
    store: Store
    may_read: ReadPolicy

    def execute(self, query: Query, user_id: str | None) -> tuple[str, Iterable[Map]]:
        """Return the `qmf.content` and the items of the response, lazily; Forbidden, Malformed or TooLarge."""
        if query.what in ("SCHEMA", "SCHEMA_ID"):
            self.check_readable(user_id, None)
        if query.what == "SCHEMA_ID":
            return Content.SCHEMA_ID, (item.id.to_map() for item in self._schemas(query))
        if query.what == "SCHEMA":
            if query.schema_id is None:
                raise Malformed("query: SCHEMA needs a _schema_id")
            return Content.SCHEMA, (sanitise_map(item.to_map()) for item in self._schemas(query))
        objects = self.select(query, user_id)
        if query.what == "OBJECT":
            return Content.DATA, (item.to_map() for item in objects)
        ids = (item.object_id for item in objects)
        return Content.OBJECT_ID, (object_id.to_map() for object_id in ids if object_id is not None)

    def _schemas(self, query: Query) -> Iterator[SchemaClass]:
        budget = Budget()
        for item in self.store.schemas():
            is_selected = query.schema_id is None or query.schema_id.covers(item.id)
            if is_selected and query.predicate.matches(item.id.to_map(), budget):
                yield item

    def select(self, query: Query, user_id: str | None) -> Iterator[DataObject]:
        """Yield the objects that the query selects and the user may read; Forbidden if that excludes the class."""
        if query.object_id is not None:
            found = self.find_object(query.object_id)
            candidates: Iterable[DataObject] = [] if found is None else [found]
        else:
            if query.schema_id is not None and query.schema_id.name:
                self.check_readable(user_id, query.schema_id)
            candidates = self.store.objects(query.schema_id)
        budget = Budget()
        for item in candidates:
            if not item.is_deleted and self.may_read(user_id, item.schema_id) and query.matches(item, budget):
                yield item

    def find_object(self, object_id: ObjectId) -> DataObject | None:
        """Return an object of this agent; None if there is none of this id, or it is deleted."""
        if object_id.agent_name not in ("", str(self.identity.name)):
            return None
        found = self.store.object(object_id)
        if found is None or found.object_id is None or found.is_deleted:
            return None
        return found if found.object_id.same_object(object_id) else None

    def check_readable(self, user_id: str | None, schema_id: SchemaId | None) -> None:
        """Raise Forbidden if the policy does not allow the user to read the class."""
        if not self.may_read(user_id, schema_id):
            raise Forbidden("not allowed by the agent's policy")

    def find_method(self, name: str, target: DataObject | None) -> tuple[SchemaClass, SchemaMethod]:
        """Return the method and its class: the target's, else the only one of this name; else NotFound."""
        pattern = None if target is None else target.schema_id
        candidates = [
            (schema, method)
            for schema in self.store.schemas()
            if pattern is None or pattern.covers(schema.id)
            if (method := schema.method(name)) is not None
        ]
        if not candidates:
            raise NotFound(f"no method {quote_short(name)}", code=ErrorCode.UNKNOWN_METHOD)
        if len(candidates) > 1:
            raise NotFound(f"{quote_short(name)} is a method of several classes; send the _object_id")
        return candidates[0]
