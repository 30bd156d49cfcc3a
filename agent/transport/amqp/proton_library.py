"""The one module that imports proton (python-qpid-proton, qpid.apache.org/proton), with what its Python API lacks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hostinfo import Unavailable

if TYPE_CHECKING:
    from types import ModuleType

UNKNOWN_TYPE = -1


def load_proton() -> ModuleType:
    """Return the module `proton`; raise Unavailable, which names the extra to install, when it cannot be imported."""
    module = sys.modules.get("proton")
    if module is not None:
        return module
    try:
        import proton
    except ImportError as error:
        raise Unavailable("AMQP", f"python-qpid-proton is not usable ({error}): install hostinfo[agent]") from error
    found: ModuleType = proton
    return found


def next_event_type(collector: Any) -> int | None:
    """Return the type number of the next event, or None when there is none.

    proton's Python API makes five objects per event to report it. UNKNOWN_TYPE where this build's C API differs: then
    only the event itself has its type.
    """
    low: Any = sys.modules.get("cproton")
    try:
        event = low.pn_collector_peek(collector._impl)  # noqa: SLF001
        return int(low.pn_event_type(event)) if event else None
    except (AttributeError, TypeError):
        return None if collector.peek() is None else UNKNOWN_TYPE


def handled_event_types(handler: object) -> frozenset[int]:
    """Return the numbers of the event types that a handler has a method for, and UNKNOWN_TYPE."""
    types = load_proton().EventType.TYPES
    return frozenset({UNKNOWN_TYPE, *(number for number, kind in types.items() if hasattr(handler, kind.method))})


def condition_text(endpoint: Any) -> str:
    """Return the peer's reason for closing a link or session, for messages."""
    condition = endpoint.remote_condition
    return f"{condition.description or ''} ({condition.name})".strip() if condition else "no reason given"
