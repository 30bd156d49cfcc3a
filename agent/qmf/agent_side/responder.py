"""The agent's side of the protocol: a request and a store of objects in, messages out. No input and output of its own.

Whatever arrives, no exception leaves `handle`: a request that cannot be done gets an `_exception`, and what is no
request of QMF gets silence. Answers and indications that reach an agent are never answered, or two agents (or one,
through a forged reply-to) would talk for ever; nor is a broadcast that does not concern it.
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
from ..wire.reply_to import check_reply_to
from ..wire.validation import as_int, as_list, as_map, as_text
from . import messages
from .arguments import check_arguments
from .interfaces import CallMethod, MethodCall, ReadPolicy, Store, allow_all_reads, reject_all_calls
from .messages import Identity, ReplyTo
from .query_executor import Reader
from .subscriptions import Subscription, Subscriptions

_UNANSWERED = (Opcode.LOCATE_REQUEST, Opcode.SUBSCRIBE_CANCEL)  # even when they are broken


@dataclass(slots=True, kw_only=True)
class Responder:
    """One agent's answers. Not thread-safe: one thread at a time."""

    identity: Identity
    store: Store
    call_method: CallMethod = reject_all_calls
    may_read: ReadPolicy = allow_all_reads
    strict_security: bool = False
    limits: Limits = REQUEST_LIMITS
    chunk_objects: int = CHUNK_OBJECTS
    chunk_bytes: int = CHUNK_BYTES
    on_error: Callable[[Exception], None] = lambda _error: None  # a fault of ours, for the log
    subscriptions: Subscriptions = field(default_factory=Subscriptions)

    def handle(self, message: Message, now_ns: int) -> Iterator[Message]:
        """Give the answers to one message, one after another; never raises.

        `now_ns` is the time in ns since the epoch, and the clock of the subscriptions.
        """
        try:
            if _is_v1(message):
                yield from self._schema_v1(message)
                return
            route = check_reply_to(message.reply_to, self.identity.domain, strict=self.strict_security)
            reply = ReplyTo(route, _echo(message)) if route is not None else None
            is_0_10_encoded = message.is_0_10_encoded
        except Exception as error:  # whatever a stranger found, the agent lives
            self._report_error(error)
            return
        for answer in self._guarded(message, reply, now_ns):
            yield encode_0_10(answer) if is_0_10_encoded else answer

    def finish(self, call: MethodCall, result: Mapping[str, object] | QmfError) -> Message:
        """Give the answer to a call that `call_method` left open by returning None."""
        try:
            if isinstance(result, QmfError):
                answer = messages.exception(self.identity, call.reply, result)
            else:
                answer = messages.method_response(self.identity, call.reply, result)
        except QmfError as error:
            answer = messages.exception(self.identity, call.reply, error)
        return encode_0_10(answer) if call.is_0_10_encoded else answer

    def publish_due(self, now_ns: int) -> Iterator[Message]:
        """Give what the subscribers are due; call it when `subscriptions.next_due_ns()` comes."""
        try:
            for item, changed in self.subscriptions.due(now_ns, self._evaluate):
                yield from self._publish(item, changed)
        except Exception as error:
            self._report_error(error)

    def publish_deleted(self, gone: DataObject, now_ns: int) -> Iterator[Message]:
        """Give the news of an object that went (its `delete_ts` is set) to the subscribers that knew it."""
        for item in self.subscriptions.deleted(gone, now_ns):
            yield from self._publish(item, [gone])

    def _guarded(self, message: Message, reply: ReplyTo | None, now_ns: int) -> Iterator[Message]:
        try:
            yield from self._dispatch(message, reply, now_ns)
        except QmfError as error:
            if reply is not None and message.opcode not in _UNANSWERED:
                yield messages.exception(self.identity, reply, error)
        except Exception as error:
            self._report_error(error)
            if reply is not None and message.opcode not in _UNANSWERED:
                yield messages.exception(self.identity, reply, QmfError("internal error of the agent"))

    def _dispatch(self, message: Message, reply: ReplyTo | None, now_ns: int) -> Iterator[Message]:
        opcode = message.opcode
        if opcode == Opcode.SUBSCRIBE_CANCEL:
            body = as_map(message.decode_body(self.limits), "cancel")
            self.subscriptions.cancel(as_text(body.get("_subscription_id"), "_subscription_id"))
        if reply is None:
            return
        match opcode:
            case Opcode.LOCATE_REQUEST:
                yield from self._locate(message, reply, now_ns)
            case Opcode.QUERY_REQUEST:
                yield from self._query(message, reply)
            case Opcode.METHOD_REQUEST:
                yield from self._call(message, reply)
            case Opcode.SUBSCRIBE_REQUEST:
                yield from self._subscribe(message, reply, now_ns)
            case Opcode.SUBSCRIBE_REFRESH:
                yield from self._refresh(message, reply, now_ns)

    @property
    def _reader(self) -> Reader:
        return Reader(self.identity, self.store, self.may_read)

    def _evaluate(self, item: Subscription) -> Iterable[DataObject]:
        return self._reader.evaluate(item.query, item.user_id)

    def _locate(self, message: Message, reply: ReplyTo, now_ns: int) -> Iterator[Message]:
        body = message.decode_body(self.limits) or []
        predicate = Predicate(as_list(body, "locate"))
        if predicate.matches(self.identity.as_attributes(now_ns)):
            yield messages.locate_response(self.identity, reply, now_ns)

    def _query(self, message: Message, reply: ReplyTo) -> Iterator[Message]:
        query = Query.from_map(message.decode_body(self.limits))
        content, items = self._reader.answer(query, message.user_id)
        yield from messages.query_responses(
            self.identity, reply, content, items, chunk=self.chunk_objects, size=self.chunk_bytes
        )

    def _call(self, message: Message, reply: ReplyTo) -> Iterator[Message]:
        body = as_map(message.decode_body(self.limits), "method request")
        name = as_text(body.get("_method_name"), "_method_name")
        target = None
        if body.get("_object_id") is not None:
            target = self._reader.find(ObjectId.from_map(body["_object_id"]))
            if target is None:
                raise NotFound("no object with this id")
        schema, method = self._reader.method(name, target)
        arguments = check_arguments(method, as_map(body.get("_arguments") or {}, "_arguments"))
        call = MethodCall(
            name=name,
            arguments=arguments,
            schema=schema,
            method=method,
            target=target,
            user_id=message.user_id,
            reply=reply,
            is_0_10_encoded=message.is_0_10_encoded,
        )
        result = self.call_method(call)
        if result is not None:
            yield messages.method_response(self.identity, reply, result)

    def _subscribe(self, message: Message, reply: ReplyTo, now_ns: int) -> Iterator[Message]:
        body = as_map(message.decode_body(self.limits), "subscribe")
        query = Query.from_map(body.get("_query"))
        if query.what != "OBJECT":
            raise Malformed("subscribe: only a query for objects can be subscribed to")
        if query.schema_id is not None:
            self._reader.allow(message.user_id, query.schema_id)
        item = self.subscriptions.subscribe(
            query,
            reply,
            now_ns,
            duration_s=as_int(body.get("_duration") or 0, "_duration"),
            interval_ms=as_int(body.get("_interval") or 0, "_interval"),
            user_id=message.user_id,
        )
        yield messages.subscribe_response(self.identity, reply, item.id, item.duration_s, item.interval_ms)
        yield from self.publish_due(now_ns)

    def _refresh(self, message: Message, reply: ReplyTo, now_ns: int) -> Iterator[Message]:
        body = as_map(message.decode_body(self.limits), "refresh")
        subscription_id = as_text(body.get("_subscription_id"), "_subscription_id")
        duration = as_int(body.get("_duration") or 0, "_duration")
        item = self.subscriptions.refresh(subscription_id, now_ns, duration_s=duration)
        if item is None:
            raise NotFound("no such subscription (any more)")
        yield messages.subscribe_response(self.identity, reply, item.id, item.duration_s, item.interval_ms)

    def _publish(self, item: Subscription, objects: list[DataObject]) -> Iterator[Message]:
        yield from messages.subscription_indications(self.identity, item.reply, objects, chunk=self.chunk_objects)

    def _schema_v1(self, message: Message) -> Iterator[Message]:
        """Answer the QMFv1 schema request; its full key must match, a wrong one gets silence as from C++ agents."""
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

    def _report_error(self, error: Exception) -> None:
        self.on_error(error)


def _is_v1(message: Message) -> bool:
    return (message.binary_body or b"").startswith(SCHEMA_REQUEST_MAGIC)


def _echo(message: Message) -> Correlation:
    """Give the correlation id back as it came, unless it is absurdly long."""
    value = message.correlation_id
    if isinstance(value, str | bytes | memoryview) and len(value) > 1024:
        return None
    return value
