"""Change the network of a container: ``python -m tests.support.networkd_change COMMAND [REQUEST [SECONDS [STEPS]]]``.

``begin`` is killed after STEPS steps of the kernel, if that is given.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from hostinfo.actions.network.document import parse_state, to_document
from hostinfo.actions.network.host_backends import read_configured_state
from hostinfo.actions.network.host_operations import host_operations
from hostinfo.actions.network.kernel_steps import KernelSteps
from hostinfo.actions.network.networkd.networkd_backend import networkd_backend
from hostinfo.actions.network.transaction import NetworkAction
from hostinfo.errors import HostInfoError


def kill_after(steps: int) -> None:
    apply, left = KernelSteps.apply, [steps]

    def apply_and_die(self: KernelSteps, step: Any) -> None:
        apply(self, step)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    KernelSteps.apply = apply_and_die  # type: ignore[method-assign]


def main(command: str, request: str = "", seconds: str = "60", steps: str = "") -> None:
    action = NetworkAction(host_operations())
    if steps:
        kill_after(int(steps))
    if command == "begin":
        action.begin(parse_state(json.loads(request), "request"), float(seconds))
    elif command == "restore":
        (pending,) = action.journal.undecided()
        networkd_backend().restore(pending.plan.snapshot, lambda *_: None)
    elif command == "recover":
        print(command, *(one.state.value for one in action.recover()))
    elif command == "configured":
        print(json.dumps(to_document(read_configured_state())))
    else:
        print(*(getattr(one, command)().result.value for one in action.pending()))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except HostInfoError as error:
        print(type(error).__name__, error)
