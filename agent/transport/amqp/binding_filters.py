"""Binding keys in the filter of a source, in the forms that qpidd takes (qpid-cpp src/qpid/broker/amqp/Filter.cpp).

A filter map's key is any symbol; its value is a described string, or a bare string.
"""

from typing import Any

from ...qmf.wire.limits import MAX_KEY_BYTES
from .proton_library import load

TOPIC_BINDING = "apache.org:legacy-amqp-topic-binding:string"
DIRECT_BINDING = "apache.org:legacy-amqp-direct-binding:string"
_DESCRIPTORS = {TOPIC_BINDING, DIRECT_BINDING, 0x0000468C00000000, 0x0000468C00000001}
MAX_FILTERS = 16


class BadFilter(ValueError):
    """A filter that cannot be read."""


def binding_keys(source: Any) -> tuple[list[str], dict[Any, Any]]:
    """Give the binding keys of a source, and the part of its filter that they came from, to echo; else BadFilter."""
    filters = source.filter
    try:
        filters.rewind()
        found = filters.get_object() if filters.next() else None
    except Exception as error:  # ValueError, RecursionError, DataException: a peer's bytes
        raise BadFilter(f"filter: {type(error).__name__}") from None
    if found is None:
        return [], {}
    if not isinstance(found, dict) or len(found) > MAX_FILTERS:
        raise BadFilter("filter: no map, or too long")
    accepted = {name: value for name, value in found.items() if _key(value) is not None}
    return [str(_key(value)) for value in accepted.values()], accepted


def binding_filter(key: str, *, is_topic: bool) -> dict[Any, Any]:
    """Make the filter that binds a key."""
    proton = load()
    descriptor = proton.symbol(TOPIC_BINDING if is_topic else DIRECT_BINDING)
    return {proton.symbol("qmf-binding"): proton.Described(descriptor, key)}


def _key(value: Any) -> str | None:
    if isinstance(value, load().Described):
        descriptor = value.descriptor
        if (str(descriptor) if isinstance(descriptor, str) else descriptor) not in _DESCRIPTORS:
            return None
        value = value.value
    if type(value) is not str:
        return None
    if len(value.encode("utf-8", "replace")) > MAX_KEY_BYTES:
        raise BadFilter(f"filter: a binding key over {MAX_KEY_BYTES} bytes")
    return value
