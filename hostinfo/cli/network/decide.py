"""``hostinfo network confirm``, ``rollback`` and ``recover``."""

from __future__ import annotations

from hostinfo.cli.network.access import network_action
from hostinfo.cli.streams import EXIT_OK, write_output
from hostinfo.errors import ActionRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any


def run(options: Namespace) -> int:
    """Keep or undo a change."""
    action = network_action(options)
    if options.action == "recover":
        recovered = action.recover()
        for report in recovered:
            write_output(f"{report.id}: {report.state.value}\n")
        return EXIT_OK
    pending = _find(action, options.id)
    outcome = pending.commit() if options.action == "confirm" else pending.rollback()
    write_output(f"{outcome.transaction or pending.transaction.id}: {outcome.result.value}\n")
    return EXIT_OK


def _find(action: Any, name: str | None) -> Any:
    if name is not None:
        return action.find(name)
    waiting = action.pending()
    if not waiting:
        raise ActionRefused("transaction", "none waits; `hostinfo network history` lists those that were decided")
    return waiting[0]
