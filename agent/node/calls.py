"""The methods of ovirtNode, with an audit record of every call."""

from collections.abc import Callable, Mapping
from functools import partial

from hostinfo import HostInfo

from ..qmf import InvalidArgument, MethodCall, QmfError
from .classes import LEAST_INTERVAL, MOST_INTERVAL
from .questions import Answer, Questions
from .reading import Lane

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .port import Port

REFRESHES_LIMIT = 64
Finish = Callable[["Port", MethodCall, "Mapping[str, object] | QmfError"], None]


class Calls:
    """Carries out calls in the agent's thread; what takes long is answered later."""

    def __init__(
        self,
        inventory: Lane,
        open_host: Callable[[], HostInfo],
        set_interval: Callable[[int], None],
        soon: Callable[[Callable[[], None]], None],
        record: Callable[[str | None, str, str | None, Mapping[str, object], str], None],
    ) -> None:
        """``soon`` runs something in the agent's thread, ``record`` writes an audit record."""
        self._inventory, self._set_interval, self._soon, self._record = inventory, set_interval, soon, record
        self._questions = Questions(open_host)
        self._refreshes: list[tuple[int, Port, MethodCall]] = []

    def do(self, port: "Port", call: MethodCall) -> Mapping[str, object] | None:
        """Carry out a call that is allowed; None: the answer comes later. QmfError where it can't be done."""
        match call.name:
            case "echo":
                return {"sequence": call.arguments["sequence"], "body": call.arguments["body"]}
            case "setUpdateInterval":
                self._set_interval(_interval(call.arguments["interval"]))
                return {}
            case "refresh":
                if len(self._refreshes) >= REFRESHES_LIMIT:
                    raise QmfError("refresh: too many wait for it, ask again later")
                self._refreshes.append((self._inventory.read_soon(), port, call))
                return None
            case "getFact":
                self._questions.ask(str(call.arguments["path"]), partial(self._told, port, call))
                return None
        raise QmfError(f"{call.name}: not implemented")

    def refreshed(self, ticket: int, finish: Finish) -> None:
        """All was read that was asked for up to this ticket."""
        done = [one for one in self._refreshes if one[0] <= ticket]
        self._refreshes = [one for one in self._refreshes if one[0] > ticket]
        for _, port, call in done:
            self.audit(call, "ok")
            finish(port, call, {})

    def audit(self, call: MethodCall, result: str) -> None:
        """One record of a call."""
        target = call.target.object_id if call.target is not None else None
        name = target.object_name if target is not None else None
        self._record(call.user_id, f"{call.schema.name}.{call.name}", name, call.arguments, result)

    def close(self) -> None:
        """End."""
        self._questions.close()

    def _told(self, port: "Port", call: MethodCall, told: Answer) -> None:
        self._soon(lambda: self._answer(port, call, told))

    def _answer(self, port: "Port", call: MethodCall, told: Answer) -> None:
        self.audit(call, f"failed: {told.text}" if isinstance(told, QmfError) else "ok")
        port.send(port.responder.finish(call, told))


def _interval(value: object) -> int:
    if not isinstance(value, int) or not LEAST_INTERVAL <= value <= MOST_INTERVAL:
        raise InvalidArgument(f"setUpdateInterval: interval: {LEAST_INTERVAL} to {MOST_INTERVAL} seconds")
    return value
