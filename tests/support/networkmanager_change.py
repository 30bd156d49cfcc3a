"""Begin, confirm or undo a change by the NetworkManager back end: DOCUMENT HOW [SECONDS]; for a container.

HOW is leave, commit, rollback, kill STEP, confirm, undo, recover, plan or show.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from hostinfo.actions.network.document import read_state, to_document
from hostinfo.actions.network.host_backends import read_configured_state, read_host_state
from hostinfo.actions.network.host_operations import host_operations
from hostinfo.actions.network.journal_entry import Entry
from hostinfo.actions.network.transaction import NetworkAction
from hostinfo.errors import ActionError


def kill_in_step(number: int) -> None:
    original = Entry.record_step
    seen = []

    def record_step(self: Entry, *arguments: object) -> None:
        original(self, *arguments)  # type: ignore[arg-type]
        seen.append(arguments)
        if len(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    Entry.record_step = record_step  # type: ignore[method-assign,assignment]


def main(document: str, how: str, seconds: str = "60", number: str = "0") -> None:
    action = NetworkAction(host_operations())
    if how == "recover":
        print([report.state.value for report in action.recover()])
    elif how == "show":
        print(to_document(read_host_state()))
    elif how == "configured":
        print(to_document(read_configured_state()))
    elif how in ("confirm", "undo"):
        (pending,) = action.pending()
        print((pending.commit() if how == "confirm" else pending.rollback()).result.value)
    elif how == "plan":
        print(*(step.name for step in action.preview(read_state(Path(document).read_text(), document)).steps), sep="\n")
    else:
        if how == "kill":
            kill_in_step(int(number))
        begun = action.begin(read_state(Path(document).read_text(), document), float(seconds), is_forced=True)
        if how == "leave":
            print("waiting")
        else:
            print((begun.commit() if how == "commit" else begun.rollback()).result.value)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ActionError as error:
        print(f"{type(error).__name__}: {error}")
