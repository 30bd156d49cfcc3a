"""Messages as they arrive through AMQP 1.0, qpidd or the C++ library, and a console's requests to an agent."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from hostinfo.agent.qmf import (
    AMQP_NAMES,
    AgentMessage,
    DataObject,
    Indication,
    Message,
    QueryPart,
    RequestBuilder,
    Responder,
    parse_agent_message,
)
from hostinfo.agent.qmf.wire.map_codec import encode_list, encode_map
from tests.support.qmf_node import NAME, NOW

AGENT = str(NAME)
REQUESTS = RequestBuilder("qmf.default.topic/direct-console.42")
Wire = Callable[[Message], Message]


def unchanged(message: Message) -> Message:
    return message


def through_amqp(message: Message) -> Message:
    """Encode and decode by proton, with the mapping of the table in `wire.message`."""
    proton = pytest.importorskip("proton")
    sent = proton.Message(
        address=message.address,
        subject=message.subject,
        reply_to=message.reply_to,
        correlation_id=message.correlation_id,
        content_type=message.content_type,
        ttl=(message.ttl_ms or 0) / 1000,
        properties={key: _to_proton(proton, value) for key, value in message.properties.items()},
        body=_to_proton(proton, message.body),
        inferred=message.is_data,
    )
    received = proton.Message()
    received.decode(sent.encode())
    return Message(
        address=received.address or "",
        subject=received.subject,
        reply_to=received.reply_to,
        correlation_id=received.correlation_id,
        content_type=str(received.content_type) if received.content_type else None,
        ttl_ms=int(received.ttl * 1000) or None,
        properties=_copy_binary(received.properties or {}),
        body=_copy_binary(received.body),
        is_data=received.inferred,
    )


def through_qpidd(message: Message) -> Message:
    """Remove the app-id and make text binary, as qpidd does (measured)."""
    properties = {key: _untyped(value) for key, value in message.properties.items() if key != "x-amqp-0-10.app-id"}
    return replace(message, properties=properties, body=_untyped(message.body))


def by_the_cpp_library(message: Message) -> Message:
    """Put 0-10 bytes into a data section, as the C++ library does over AMQP 1.0."""
    body = encode_map(message.body) if isinstance(message.body, dict) else encode_list(message.body)  # type: ignore[arg-type]
    return replace(message, body=body, is_data=True)


WIRES = pytest.mark.parametrize("wire", [unchanged, through_qpidd, by_the_cpp_library, through_amqp])


def send_request(agent: Responder, request: Message, wire: Wire = unchanged) -> list[AgentMessage]:
    """Send one request of a console to an agent; return its parsed responses, after a check of their properties."""
    responses = list(agent.handle(wire(request), NOW))
    for response in responses:
        assert response.address == "qmf.default.topic"
        assert response.subject == "direct-console.42"
        assert response.correlation_id == request.correlation_id
        assert response.properties["qmf.agent"] == AGENT
        assert response.properties["x-amqp-0-10.app-id"] == "qmf2"
    arrived = [wire(item) if wire in (through_qpidd, through_amqp) else item for item in responses]
    parsed = [parse_agent_message(item) for item in arrived]
    assert None not in parsed
    return [item for item in parsed if item is not None]


def objects_of(received: Iterable[AgentMessage]) -> list[DataObject]:
    items: list[DataObject] = []
    for part in received:
        assert isinstance(part, QueryPart | Indication)
        items += [item for item in part.items if isinstance(item, DataObject)]
    return items


def _copy_binary(value: Any) -> Any:
    """Copy binary while the message that it points into still exists."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, dict):
        return {_copy_binary(key): _copy_binary(item) for key, item in value.items()}
    return [_copy_binary(item) for item in value] if isinstance(value, list) else value


def _to_proton(proton: Any, value: object) -> object:
    if isinstance(value, dict):
        return {key: _to_proton(proton, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_to_proton(proton, item) for item in value]
    name = AMQP_NAMES.get(type(value))
    if name is None:
        return value
    kind: Any = int if name == "long" else getattr(proton, name)  # proton has no class for long
    return kind(value)


def _untyped(value: object) -> object:
    """Text as AMQP binary, as qpidd forwards the text of 0-10 peers."""
    if isinstance(value, str):
        return memoryview(value.encode())
    if isinstance(value, dict):
        return {key.encode(): _untyped(item) for key, item in value.items()}
    return [_untyped(item) for item in value] if isinstance(value, list) else value
