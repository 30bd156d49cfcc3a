"""Binding keys in the filter of a source, in qpidd's forms (qpid-cpp src/qpid/broker/amqp/Filter.cpp).

The keys of a filter map are symbols of the client's choice; the values are described strings or bare ones.
"""

from __future__ import annotations

from typing import Any

from ...qmf.wire.limits import MAX_KEY_BYTES
from .proton_library import load_proton

TOPIC_BINDING = "apache.org:legacy-amqp-topic-binding:string"
DIRECT_BINDING = "apache.org:legacy-amqp-direct-binding:string"
_DESCRIPTORS = {TOPIC_BINDING, DIRECT_BINDING, 0x0000468C00000000, 0x0000468C00000001}
MAX_FILTERS = 16


class FilterError(ValueError):
    """A filter is not valid."""


def binding_keys(source: Any) -> tuple[tuple[str, ...], dict[Any, Any]]:
    """Return a source's binding keys, and the part of its filter that they are from, to be echoed; or FilterError."""
    filters = source.filter
    try:
        filters.rewind()
        found = filters.get_object() if filters.next() else None
    except Exception as error:  # ValueError, RecursionError, DataException: a peer's bytes
        raise FilterError(f"filter: {type(error).__name__}") from None
    if found is None:
        return (), {}
    if not isinstance(found, dict) or len(found) > MAX_FILTERS:
        raise FilterError(f"filter: not a map of at most {MAX_FILTERS} entries")
    keys = {name: _binding_key(value) for name, value in found.items()}
    accepted = {name: found[name] for name, key in keys.items() if key is not None}
    return tuple(key for key in keys.values() if key is not None), accepted


def binding_filter(key: str, *, is_topic: bool) -> dict[Any, Any]:
    """Return the filter that binds a key."""
    proton = load_proton()
    descriptor = proton.symbol(TOPIC_BINDING if is_topic else DIRECT_BINDING)
    return {proton.symbol("qmf-binding"): proton.Described(descriptor, key)}


def _binding_key(value: Any) -> str | None:
    """Return the key in a filter; None for another kind of filter, such as a selector."""
    if isinstance(value, load_proton().Described):
        descriptor = value.descriptor
        if (str(descriptor) if isinstance(descriptor, str) else descriptor) not in _DESCRIPTORS:
            return None
        value = value.value
    if type(value) is not str:
        return None
    if len(value.encode("utf-8", "replace")) > MAX_KEY_BYTES:
        raise FilterError(f"filter: binding key longer than {MAX_KEY_BYTES} bytes")
    return value
