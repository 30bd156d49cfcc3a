"""Messages with an id, until the broker took them, and a while longer: what is sent again after an outage."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from ...qmf.wire.message import Message

MAX_KEPT = 1_000
KEEP_SECONDS = 30.0
"""How long one is kept that the broker took: a broker that is killed loses what consoles have not received yet."""
KEEP_UNCONFIRMED_SECONDS = 300.0
RESEND_SECONDS = (3.0, 10.0, 30.0, 60.0)
"""When everything is sent again, after a new connection: consoles may connect later than the agent."""


@dataclass(slots=True)
class _Kept:
    message: Message
    created: float
    is_confirmed: bool = False


class KeptMessages:
    """A bounded list, oldest first; pure, times are in seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lost: set[str] = set()
        """Ids of those to send again, even if the broker took them: the connection was lost soon after."""

    def add(self, message: Message, now: float) -> None:
        """Keep a message that has an id; the oldest makes room."""
        self._prune(now)
        if message.message_id is not None and message.message_id not in self._kept:
            self._kept[message.message_id] = _Kept(message, now)
            if len(self._kept) > MAX_KEPT:
                self._lost.discard(self._kept.popitem(last=False)[0])

    def confirm(self, message: Message) -> None:
        """Note that the broker took a message, or reported that no one receives it."""
        kept = self._kept.get(message.message_id or "")
        if kept is not None:
            kept.is_confirmed = True

    def on_lost(self, now: float) -> None:
        """Note that the connection was lost."""
        self._prune(now)
        self._lost = set(self._kept)

    def unconfirmed(self, now: float) -> list[Message]:
        """Return what to send at once over a new connection."""
        self._prune(now)
        return [kept.message for kept in self._kept.values() if not kept.is_confirmed]

    def all_lost(self, now: float) -> list[Message]:
        """Return what to send again later over a new connection."""
        self._prune(now)
        return [kept.message for key, kept in self._kept.items() if key in self._lost or not kept.is_confirmed]

    def on_resent(self) -> None:
        """Note that everything was sent again for the last time."""
        self._lost.clear()

    def _prune(self, now: float) -> None:
        for key, kept in list(self._kept.items()):
            must_stay = key in self._lost or not kept.is_confirmed
            if now - kept.created > (KEEP_UNCONFIRMED_SECONDS if must_stay else KEEP_SECONDS):
                del self._kept[key]
                self._lost.discard(key)
