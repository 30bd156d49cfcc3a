"""The agent's side of the protocol: a request and a store of objects in, messages out. It does no I/O.

    message ──▶ a QMFv1 schema request? ─yes─▶ the schema; silence if there is none, or it may not be read
       │ no
       ▼
    one of the request opcodes? ─no─▶ silence
       │ yes
       ▼
    a subscription is cancelled, with or without reply-to
       │
       ▼
    a reply-to that may be used? ─no─▶ silence
       │ yes
       ▼
    execute ──▶ the response, in parts; nothing yet for a method that completes later
       └─ error ▶ `_exception`; silence for a locate request or a cancellation

No exception leaves `handle`, whatever is received. Responses and indications are never answered, or two agents (or one,
through a forged reply-to) would exchange messages for ever. A broadcast that does not concern the agent gets silence.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..query.predicate import Predicate
from ..query.query import Query
from ..schema.objects import DataObject, ObjectId
from ..schema.v1 import SCHEMA_REQUEST_MAGIC, SchemaRequestV1, encode_schema
from ..wire.errors import Malformed, NotFound, QmfError
from ..wire.limits import CHUNK_BYTES, CHUNK_OBJECTS, REQUEST_LIMITS, Limits
from ..wire.message import Correlation, Message, Opcode, encode_0_10
from ..wire.reply_to import ReplyTo, check_reply_to
from ..wire.validation import as_int, as_list, as_map, as_text
from . import messages
from .arguments import check_arguments
from .identity import Identity
from .interfaces import CallMethod, MethodCall, ReadPolicy, Store, allow_all_reads, reject_all_calls
from .query_executor import QueryExecutor
from .subscriptions import Subscription, Subscriptions

MAX_CORRELATION_CHARACTERS = 1024
_WITHOUT_EXCEPTION = (Opcode.LOCATE_REQUEST, Opcode.SUBSCRIBE_CANCEL)


@dataclass(slots=True, kw_only=True)
class Responder:
    """Builds the responses of one agent. Not thread-safe."""

    identity: Identity
    store: Store
    call_method: CallMethod = reject_all_calls
    may_read: ReadPolicy = allow_all_reads
    strict_security: bool = False
    limits: Limits = REQUEST_LIMITS
    chunk_objects: int = CHUNK_OBJECTS
    chunk_bytes: int = CHUNK_BYTES
    on_error: Callable[[Exception], None] = lambda _error: None  # receives internal errors, to be logged
    subscriptions: Subscriptions = field(default_factory=Subscriptions)

    def handle(self, message: Message, now_ns: int) -> Iterator[Message]:
        """Yield the responses to one message; never raises.

        `now_ns` is the time in ns since the epoch, which is also the clock of the subscriptions.
        """
        try:
            if _is_v1_request(message):
                yield from self._schema_v1(message)
                return
            route = check_reply_to(message.reply_to, self.identity.domain, strict=self.strict_security)
            reply_to = ReplyTo(route, _correlation_to_return(message)) if route is not None else None
            is_0_10_encoded = message.is_0_10_encoded
        except Exception as error:  # whatever a peer sends, the agent must survive it
            self.on_error(error)
            return
        for response in self._dispatch_safely(message, reply_to, now_ns):
            yield encode_0_10(response) if is_0_10_encoded else response

    def finish(self, call: MethodCall, result: Mapping[str, object] | QmfError) -> Message:
        """Build the response to a call for which `call_method` returned None."""
        try:
            if isinstance(result, QmfError):
                response = messages.exception(self.identity, call.reply_to, result)
            else:
                response = messages.method_response(self.identity, call.reply_to, result)
        except QmfError as error:
            response = messages.exception(self.identity, call.reply_to, error)
        return encode_0_10(response) if call.is_0_10_encoded else response

    def publish_due(self, now_ns: int) -> Iterator[Message]:
        """Yield the indications to the subscribers that are due; call it at `subscriptions.next_due_ns()`."""
        try:
            for item, changed in self.subscriptions.due(now_ns, self._select):
                yield from self._publish(item, changed)
        except Exception as error:
            self.on_error(error)

    def publish_deleted(self, deleted: DataObject, now_ns: int) -> Iterator[Message]:
        """Yield the indication of a deleted object (its `delete_ts` is set) to each subscriber that knows it."""
        for item in self.subscriptions.forget_object(deleted, now_ns):
            yield from self._publish(item, [deleted])

    def _dispatch_safely(self, message: Message, reply_to: ReplyTo | None, now_ns: int) -> Iterator[Message]:
        may_send = reply_to is not None and message.opcode not in _WITHOUT_EXCEPTION
        try:
            yield from self._dispatch(message, reply_to, now_ns)
        except QmfError as error:
            if reply_to is not None and may_send:
                yield messages.exception(self.identity, reply_to, error)
        except Exception as error:
            self.on_error(error)
            if reply_to is not None and may_send:
                yield messages.exception(self.identity, reply_to, QmfError("internal error of the agent"))

    def _dispatch(self, message: Message, reply_to: ReplyTo | None, now_ns: int) -> Iterator[Message]:
        opcode = message.opcode
        if opcode == Opcode.SUBSCRIBE_CANCEL:
            body = as_map(message.decode_body(self.limits), "cancel")
            self.subscriptions.cancel(as_text(body.get("_subscription_id"), "_subscription_id"))
        if reply_to is None:
            return
        match opcode:
            case Opcode.LOCATE_REQUEST:
                yield from self._locate(message, reply_to, now_ns)
            case Opcode.QUERY_REQUEST:
                yield from self._query(message, reply_to)
            case Opcode.METHOD_REQUEST:
                yield from self._call(message, reply_to)
            case Opcode.SUBSCRIBE_REQUEST:
                yield from self._subscribe(message, reply_to, now_ns)
            case Opcode.SUBSCRIBE_REFRESH:
                yield from self._refresh(message, reply_to, now_ns)

    @property
    def _executor(self) -> QueryExecutor:
        return QueryExecutor(self.identity, self.store, self.may_read)

    def _select(self, item: Subscription) -> Iterable[DataObject]:
        return self._executor.select(item.query, item.user_id)

    def _locate(self, message: Message, reply_to: ReplyTo, now_ns: int) -> Iterator[Message]:
        body = message.decode_body(self.limits) or []
        predicate = Predicate(as_list(body, "locate"))
        if predicate.matches(self.identity.to_attributes(now_ns)):
            yield messages.locate_response(self.identity, reply_to, now_ns)

    def _query(self, message: Message, reply_to: ReplyTo) -> Iterator[Message]:
        query = Query.from_map(message.decode_body(self.limits))
        content, items = self._executor.execute(query, message.user_id)
        yield from messages.query_responses(
            self.identity, reply_to, content, items, chunk=self.chunk_objects, size=self.chunk_bytes
        )

    def _call(self, message: Message, reply_to: ReplyTo) -> Iterator[Message]:
        body = as_map(message.decode_body(self.limits), "method request")
        name = as_text(body.get("_method_name"), "_method_name")
        target = None
        if body.get("_object_id") is not None:
            target = self._executor.find_object(ObjectId.from_map(body["_object_id"]))
            if target is None:
                raise NotFound("no object with this id")
        schema, method = self._executor.find_method(name, target)
        arguments = check_arguments(method, as_map(body.get("_arguments") or {}, "_arguments"))
        call = MethodCall(
            name=name,
            arguments=arguments,
            schema=schema,
            method=method,
            target=target,
            user_id=message.user_id,
            reply_to=reply_to,
            is_0_10_encoded=message.is_0_10_encoded,
        )
        result = self.call_method(call)
        if result is not None:
            yield messages.method_response(self.identity, reply_to, result)

    def _subscribe(self, message: Message, reply_to: ReplyTo, now_ns: int) -> Iterator[Message]:
        body = as_map(message.decode_body(self.limits), "subscribe")
        query = Query.from_map(body.get("_query"))
        if query.what != "OBJECT":
            raise Malformed("subscribe: the query must be for objects")
        if query.schema_id is not None:
            self._executor.check_readable(message.user_id, query.schema_id)
        item = self.subscriptions.subscribe(
            query,
            reply_to,
            now_ns,
            duration_s=as_int(body.get("_duration") or 0, "_duration"),
            interval_ms=as_int(body.get("_interval") or 0, "_interval"),
            user_id=message.user_id,
        )
        yield messages.subscribe_response(self.identity, reply_to, item.id, item.duration_s, item.interval_ms)
        yield from self.publish_due(now_ns)

    def _refresh(self, message: Message, reply_to: ReplyTo, now_ns: int) -> Iterator[Message]:
        body = as_map(message.decode_body(self.limits), "refresh")
        subscription_id = as_text(body.get("_subscription_id"), "_subscription_id")
        duration = as_int(body.get("_duration") or 0, "_duration")
        item = self.subscriptions.refresh(subscription_id, now_ns, duration_s=duration)
        if item is None:
            raise NotFound("no such subscription; it may have expired")
        yield messages.subscribe_response(self.identity, reply_to, item.id, item.duration_s, item.interval_ms)

    def _publish(self, item: Subscription, objects: list[DataObject]) -> Iterator[Message]:
        yield from messages.subscription_indications(self.identity, item.reply_to, objects, chunk=self.chunk_objects)

    def _schema_v1(self, message: Message) -> Iterator[Message]:
        """Respond to a QMFv1 schema request; silence for an unknown schema, as from C++ agents."""
        route = check_reply_to(message.reply_to, self.identity.domain, strict=self.strict_security)
        if route is None or not self.may_read(message.user_id, None):
            return
        try:
            request = SchemaRequestV1.decode(message.binary_body or b"", self.limits)
        except QmfError:
            return
        for schema in self.store.schemas():
            if request.schema_id.covers(schema.id):
                body = encode_schema(schema, request.sequence)
                yield messages.schema_v1_response(self.identity, ReplyTo(route), body)
                return


def _is_v1_request(message: Message) -> bool:
    return (message.binary_body or b"").startswith(SCHEMA_REQUEST_MAGIC)


def _correlation_to_return(message: Message) -> Correlation:
    """Return the correlation id as it was sent; None if it is too long to be legitimate."""
    value = message.correlation_id
    if isinstance(value, str | bytes | memoryview) and len(value) > MAX_CORRELATION_CHARACTERS:
        return None
    return value
