"""Events that were received before: agents send an event again if the connection was lost before it was accepted."""

from __future__ import annotations

from collections import OrderedDict

from ..qmf import Message

IDS_LIMIT = 10_000
"""Ids of the last events of all agents."""


class ReceivedEvents:
    """The ids of the last events."""

    def __init__(self) -> None:
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()

    def is_repeated(self, message: Message) -> bool:
        """Whether a message with this id was received from its agent before; messages without an id are not events."""
        if message.message_id is None or message.agent is None:
            return False
        key = (message.agent, message.message_id)
        if key in self._ids:
            return True
        self._ids[key] = None
        if len(self._ids) > IDS_LIMIT:
            self._ids.popitem(last=False)
        return False
