"""Audit records: one per call, with who called what, and how it ended."""

from __future__ import annotations

import pwd
import threading
from collections import Counter
from collections.abc import Mapping
from time import monotonic
from typing import Any

from hostinfo.lowlevel.journald import Journal
from hostinfo.varlink.peer import Peer

PERIOD_SECONDS = 60.0
READS_LIMIT = 60
"""Records per user and period of calls that change nothing: a client that floods the journal would remove the records
of others. Further calls are counted."""
NAMES_SHOWN = 20


class Audit:
    """Writes the records; may be used from any thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._since = monotonic()
        self._reads: Counter[str] = Counter()

    def record(self, user: str, method: str, parameters: Mapping[str, Any], result: str, *, is_change: bool) -> None:
        """Write the record of one call, unless it is one of many that change nothing."""
        if not is_change and not self._has_room(user):
            return
        self._journal.audit(user, method[:200], None, _arguments(parameters), result)

    def flush(self) -> None:
        """Write how many calls were not recorded since the last period."""
        with self._lock:
            reads, self._reads, self._since = self._reads, Counter(), monotonic()
        for user, count in reads.items():
            if count > READS_LIMIT:
                self._journal.audit(user, "calls that changed nothing", None, {"count": count - READS_LIMIT}, "ok")

    def _has_room(self, user: str) -> bool:
        if monotonic() - self._since >= PERIOD_SECONDS:
            self.flush()
        with self._lock:
            self._reads[user] += 1
            return self._reads[user] <= READS_LIMIT


class Users:
    """Names of user IDs. Each is looked up once: a directory service may be behind the network that is changed."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {0: "root"}

    def name(self, peer: Peer) -> str:
        """Return the name of a peer's user; the number if it has none."""
        if peer.uid not in self._names:
            try:
                self._names[peer.uid] = pwd.getpwuid(peer.uid).pw_name
            except KeyError:
                return str(peer.uid)
        return self._names[peer.uid]


def _arguments(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what identifies a call: of a state the names of its interfaces only."""
    found = {name: value for name, value in parameters.items() if name != "state" and value is not None}
    state = parameters.get("state")
    interfaces = state.get("interfaces") if isinstance(state, Mapping) else None
    if isinstance(interfaces, list):
        names = [str(one.get("name"))[:15] for one in interfaces[:NAMES_SHOWN] if isinstance(one, Mapping)]
        found["interfaces"] = ",".join(names) + (",…" if len(interfaces) > NAMES_SHOWN else "")
    return found
