"""The one place that imports proton (python-qpid-proton, docs: qpid.apache.org/proton), and says what it lacks."""

import sys
from types import ModuleType
from typing import Any

from hostinfo import Unavailable


def load() -> ModuleType:
    """Give the module `proton`; Unavailable naming the extra when it is not installed."""
    module = sys.modules.get("proton")
    if module is not None:
        return module
    try:
        import proton
    except ImportError as error:
        raise Unavailable("AMQP", f"python-qpid-proton is not usable ({error}): install hostinfo[agent]") from error
    found: ModuleType = proton
    return found


def next_type(collector: Any) -> int | None:
    """Give the number of the next event's type, without the five objects that proton makes of an event; None: no event.

    -1 where this build of proton does not tell: then the event itself must.
    """
    low: Any = sys.modules.get("cproton")
    try:
        event = low.pn_collector_peek(collector._impl)  # noqa: SLF001
        return int(low.pn_event_type(event)) if event else None
    except (AttributeError, TypeError):
        return None if collector.peek() is None else -1


def types_for(handler: object) -> frozenset[int]:
    """Give the numbers of the event types that a handler has a method for, and -1."""
    types = load().EventType.TYPES
    return frozenset({-1, *(number for number, kind in types.items() if hasattr(handler, kind.method))})


def top_up(link: Any, credit: int) -> None:
    """Give credit back when half of it is used: a frame for each message would cost as much as the message."""
    left = link.credit
    if left <= credit // 2:
        link.flow(credit - left)


def lacking() -> tuple[str, ...]:
    """Say what this build of proton cannot do: it is silently built without TLS or Cyrus SASL where headers lack."""
    proton = load()
    faults = []
    if not proton.SSL.present():
        faults.append("TLS: proton was built without OpenSSL")
    if not proton.SASL.extended():
        faults.append("SCRAM, GSSAPI: proton was built without Cyrus SASL")
    return tuple(faults)
