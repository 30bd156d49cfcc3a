"""The path to each broker, for ``hostinfo doctor agent``: it connects as the agent does, with a queue of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..qmf import direct_exchange, topic_exchange
from ..qmf.wire.addresses import CHECK_PREFIX, unique_key
from ..transport import ConnectionState, TransportOptions
from ..transport.broker.transport import BrokerTransport
from .settings import Settings

WAIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class BrokerPath:
    """One broker, and what is between it and this node."""

    url: str
    """The broker's address; empty if DNS names none."""
    is_connected: bool
    detail: str
    """The kind of broker, the queue and the login, or why there is no connection."""
    delays: dict[str, float]
    """Seconds that a message to oneself took through each exchange."""


def broker_paths(settings: Settings) -> Iterator[BrokerPath]:
    """Connect to each broker of the settings in turn; raise HostInfoError for wrong options."""
    for options in settings.transports():
        if options.listen is None:
            for url in options.urls or ("",):
                yield _measure(replace(options, urls=(url,) if url else ()))


def _measure(options: TransportOptions) -> BrokerPath:
    transport = BrokerTransport(options)
    ended = threading.Event()
    states: list[tuple[ConnectionState, str]] = []
    for exchange in (direct_exchange(options.domain), topic_exchange(options.domain)):
        transport.subscribe(exchange, unique_key(CHECK_PREFIX))

    def note(state: ConnectionState, text: str) -> None:
        states.append((state, text))
        ended.set()

    transport.start(lambda _message: None, note)
    try:
        ended.wait(WAIT_SECONDS)
        state, text = states[0] if states else (None, f"no connection within {WAIT_SECONDS:g} s")
        url = ", ".join(options.urls)
        if state is not ConnectionState.CONNECTED:
            return BrokerPath(url, False, text.removeprefix(f"{url}: "), {})
        path = transport.path
        queue = path.queue or "one of each subscription, named by the broker"
        detail = f"{path.scheme}, queue {queue}, login {path.login}"
        return BrokerPath(path.url, True, detail, path.delays)
    finally:
        transport.close()
