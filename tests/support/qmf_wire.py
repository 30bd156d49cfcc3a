"""A message through real AMQP 1.0: encoded and decoded by proton, mapped as the table in `message` says."""

from typing import Any

import pytest

from hostinfo.agent.qmf import AMQP_NAMES, Message


def through_amqp(message: Message) -> Message:
    proton = pytest.importorskip("proton")
    sent = proton.Message(
        address=message.address,
        subject=message.subject,
        reply_to=message.reply_to,
        correlation_id=message.correlation_id,
        content_type=message.content_type,
        ttl=(message.ttl_ms or 0) / 1000,
        properties={key: typed(proton, value) for key, value in message.properties.items()},
        body=typed(proton, message.body),
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
        properties=owned(received.properties or {}),
        body=owned(received.body),
        is_data=received.inferred,
    )


def owned(value: Any) -> Any:
    """Copy binary while the message that it points into is there."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, dict):
        return {owned(key): owned(item) for key, item in value.items()}
    return [owned(item) for item in value] if isinstance(value, list) else value


def typed(proton: Any, value: object) -> object:
    if isinstance(value, dict):
        return {key: typed(proton, item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(proton, item) for item in value]
    name = AMQP_NAMES.get(type(value))
    if name is None:
        return value
    kind: Any = int if name == "long" else getattr(proton, name)  # proton has no class for long
    return kind(value)
