"""The methods of the interface: each call is checked against the policy, carried out, and recorded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from hostinfo.errors import HostInfoError
from hostinfo.model.network_state import NetworkState
from hostinfo.model.report import Requester, TransactionState
from hostinfo.varlink.errors import InvalidParameter, VarlinkError
from hostinfo.varlink.interface import Interface
from hostinfo.varlink.interface_text import parse_interface
from hostinfo.varlink.service import Call, Service

from ..network.document import parse_state, to_document
from ..network.record_json import to_json
from ..network.transaction import DEFAULT_SECONDS, Limits, NetworkAction
from . import INTERFACE
from .audit import Audit, Users
from .errors import permission_denied, to_varlink
from .policy import CHANGING, Policy, load

OpenNetwork = Callable[[Requester, tuple[str, ...], Limits], NetworkAction]
"""(requester, addresses of those who must still reach the host, limits) -> the action that makes the change."""
PEERS_LIMIT = 16
NAME_LIMIT = 200
"""Characters of the user for whom another one acts."""
LOOK_SECONDS = 0.25
"""Between looks at a transaction that a client follows."""
DECIDED = (TransactionState.CONFIRMED, TransactionState.ROLLED_BACK, TransactionState.UNKNOWN)


def read_interface() -> Interface:
    """Return the interface, from the file that is shipped."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{INTERFACE}.varlink")
    with open(path, encoding="utf-8") as file:
        return parse_interface(file.read())


class Methods:
    """Carries out calls for the users whom the policy allows them; ``execute`` is what a server needs."""

    def __init__(self, open_network: OpenNetwork, policy_path: str, audit: Audit, version: str) -> None:
        self._open_network = open_network
        self._policy_path = policy_path
        self._audit = audit
        self._users = Users()
        self._service = Service(
            vendor="oVirt", product="hostinfo-actions", version=version, url="https://www.ovirt.org"
        )
        functions = {
            "GetNetwork": self._get_network,
            "PreviewNetwork": self._preview_network,
            "BeginNetwork": self._begin_network,
            "CommitNetwork": self._commit_network,
            "RollbackNetwork": self._rollback_network,
            "PendingNetwork": self._pending_network,
            "NetworkHistory": self._network_history,
            "GetNetworkTransaction": self._get_network_transaction,
        }
        checked = {name: self._checked(name, function) for name, function in functions.items()}
        self._service.add(read_interface(), checked)

    def execute(self, call: Call) -> Mapping[str, Any]:
        """Carry out a call, and write its audit record, whether it is allowed, refused or invalid."""
        user = self._users.name(call.peer)
        result = "failed: internal error"
        try:
            found = self._service.call(call)
            result = "ok"
            return found
        except VarlinkError as error:
            kind = error.name.rpartition(".")[2]
            detail = error.parameters.get("detail") or error.parameters.get("parameter") or ""
            result = f"{kind}: {detail}" if detail else kind
            raise
        finally:
            is_change = call.method in _CHANGES
            self._audit.record(user, call.method, call.parameters, result, is_change=is_change)

    def _checked(
        self, name: str, function: Callable[[Call, NetworkAction], Mapping[str, Any]]
    ) -> Callable[[Call], Mapping[str, Any]]:
        def handler(call: Call) -> Mapping[str, Any]:
            user = self._users.name(call.peer)
            policy = self._policy(call, name, user)
            if not policy.may_call(user, call.peer, name):
                raise permission_denied(name, user, policy.refusal(user, name))
            if call.parameters.get("is_forced") and not policy.may_force(user, call.peer):
                detail = f"{user} may not force a change; root may allow it in {policy.path}: force = true"
                raise permission_denied(name, user, detail)
            requester = Requester(
                user=user,
                uid=call.peer.uid,
                peer=f"process {call.peer.pid}" if call.peer.pid else None,
                on_behalf_of=_on_behalf_of(call),
            )
            try:
                return function(call, self._open_network(requester, _peers(call), policy.limits_of(call.peer)))
            except HostInfoError as error:
                raise to_varlink(error) from error

        return handler

    def _policy(self, call: Call, name: str, user: str) -> Policy:
        """Read the policy for each call, so that a permission that was removed ends at once."""
        try:
            return load(self._policy_path)
        except HostInfoError as error:
            if call.peer.uid == 0:  # who corrects the file must be able to confirm a change meanwhile
                return Policy(path=self._policy_path, rules=(), limits=Limits())
            raise permission_denied(name, user, f"the policy is unusable: {error}") from error

    def _get_network(self, _: Call, action: NetworkAction) -> Mapping[str, Any]:
        return {"state": to_document(action.prepare(NetworkState()).desired)}

    def _preview_network(self, call: Call, action: NetworkAction) -> Mapping[str, Any]:
        prepared = action.prepare(_state(call))
        steps = [{"name": step.name, "target": step.target, "error": None} for step in prepared.steps]
        cut_off, affected = list(prepared.cut_off), list(prepared.affected)
        return {"changes": to_json(prepared.changes), "steps": steps, "cut_off": cut_off, "affected": affected}

    def _begin_network(self, call: Call, action: NetworkAction) -> Mapping[str, Any]:
        seconds = call.parameters.get("confirm_within_seconds")
        pending = action.begin(
            _state(call),
            DEFAULT_SECONDS if seconds is None else float(seconds),
            is_forced=bool(call.parameters.get("is_forced")),
        )
        return {"transaction": to_json(pending.transaction)}

    def _commit_network(self, call: Call, action: NetworkAction) -> Mapping[str, Any]:
        return {"outcome": to_json(action.find(call.parameters["id"]).commit())}

    def _rollback_network(self, call: Call, action: NetworkAction) -> Mapping[str, Any]:
        return {"outcome": to_json(action.find(call.parameters["id"]).rollback())}

    def _pending_network(self, _: Call, action: NetworkAction) -> Mapping[str, Any]:
        return {"transactions": [to_json(pending.report) for pending in action.pending()]}

    def _network_history(self, call: Call, action: NetworkAction) -> Mapping[str, Any]:
        limit = call.parameters.get("limit")
        if limit is not None and limit < 1:
            raise InvalidParameter("limit")
        reports = action.history()
        return {"transactions": to_json(reports if limit is None else reports[-limit:])}

    def _get_network_transaction(self, call: Call, action: NetworkAction) -> Mapping[str, Any]:
        pending = action.find(call.parameters["id"])
        report = pending.report
        while call.more and report.state not in DECIDED and call.is_open():
            call.reply({"report": to_json(report)})
            state = report.state
            while report.state is state and call.is_open():
                time.sleep(LOOK_SECONDS)
                report = pending.report
        return {"report": to_json(report)}


def _state(call: Call) -> NetworkState:
    return parse_state(call.parameters["state"], "network state")


def _peers(call: Call) -> tuple[str, ...]:
    peers = call.parameters.get("peers") or ()
    if len(peers) > PEERS_LIMIT or any(len(peer) > NAME_LIMIT for peer in peers):
        raise InvalidParameter("peers")
    return tuple(peers)


def _on_behalf_of(call: Call) -> str | None:
    name = call.parameters.get("on_behalf_of")
    if name is not None and not (isinstance(name, str) and name.isprintable() and 0 < len(name) <= NAME_LIMIT):
        raise InvalidParameter("on_behalf_of")
    return name


_CHANGES = frozenset(f"{INTERFACE}.{name}" for name in CHANGING)
