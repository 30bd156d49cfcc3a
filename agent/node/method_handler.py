"""The methods of ovirtNode, with one audit record per call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from hostinfo import HostInfo

from ..qmf import InvalidArgument, MethodCall, QmfError
from .fact_reader import FactReader, Result
from .method_schemas import MAX_INTERVAL_SECONDS, MIN_INTERVAL_SECONDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .endpoint import Endpoint

REFRESHES_LIMIT = 64
Audit = Callable[[str | None, str, str | None, Mapping[str, object], str], None]


class MethodHandler:
    """Executes calls in the agent's thread; results of slow methods follow later."""

    def __init__(
        self,
        *,
        open_host: Callable[[], HostInfo],
        request_poll: Callable[[], int],
        set_interval: Callable[[int], None],
        call_soon: Callable[[Callable[[], None]], None],
        audit: Audit,
    ) -> None:
        """``call_soon`` runs a function in the agent's thread; ``request_poll`` is the inventory's."""
        self._request_poll, self._set_interval, self._call_soon, self._audit = (
            request_poll,
            set_interval,
            call_soon,
            audit,
        )
        self._facts = FactReader(open_host)
        self._refreshes: list[tuple[int, Endpoint, MethodCall]] = []

    def handle(self, endpoint: Endpoint, call: MethodCall) -> Mapping[str, object] | None:
        """Execute a call that the policy allows; None: the result follows. Raise QmfError if it fails."""
        match call.name:
            case "echo":
                return {"sequence": call.arguments["sequence"], "body": call.arguments["body"]}
            case "setUpdateInterval":
                self._set_interval(_interval(call.arguments["interval"]))
                return {}
            case "refresh":
                if len(self._refreshes) >= REFRESHES_LIMIT:
                    raise QmfError("refresh: too many calls are waiting; try again later")
                self._refreshes.append((self._request_poll(), endpoint, call))
                return None
            case "getFact":
                self._facts.read(str(call.arguments["path"]), partial(self._on_fact, endpoint, call))
                return None
        raise QmfError(f"{call.name}: not implemented")

    def complete_refreshes(self, request_id: int) -> None:
        """Answer the refresh calls whose poll has finished: those up to this request."""
        done = [one for one in self._refreshes if one[0] <= request_id]
        self._refreshes = [one for one in self._refreshes if one[0] > request_id]
        for _, endpoint, call in done:
            self._finish(endpoint, call, {})

    def audit(self, call: MethodCall, result: str) -> None:
        """Write the audit record of a call."""
        target = call.target.object_id if call.target is not None else None
        name = target.object_name if target is not None else None
        self._audit(call.user_id, f"{call.schema.name}.{call.name}", name, call.arguments, result)

    def close(self) -> None:
        """End the thread that reads facts, unless calls are waiting for it."""
        self._facts.close()

    def _on_fact(self, endpoint: Endpoint, call: MethodCall, result: Result) -> None:
        self._call_soon(lambda: self._finish(endpoint, call, result))

    def _finish(self, endpoint: Endpoint, call: MethodCall, result: Result) -> None:
        self.audit(call, f"failed: {result.text}" if isinstance(result, QmfError) else "ok")
        endpoint.send(endpoint.responder.finish(call, result))


def _interval(value: object) -> int:
    if not isinstance(value, int) or not MIN_INTERVAL_SECONDS <= value <= MAX_INTERVAL_SECONDS:
        raise InvalidArgument(
            f"setUpdateInterval: interval must be {MIN_INTERVAL_SECONDS} to {MAX_INTERVAL_SECONDS} seconds"
        )
    return value
