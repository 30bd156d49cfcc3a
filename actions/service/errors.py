"""Errors of actions as Varlink errors of the interface, and back."""

from __future__ import annotations

from typing import Any

from hostinfo.errors import ActionBusy, ActionFailed, ActionRefused, ActionRolledBack, HostInfoError
from hostinfo.varlink.errors import VarlinkError

from . import INTERFACE

_KINDS: dict[str, type[ActionRefused | ActionFailed | ActionRolledBack]] = {
    "ActionRefused": ActionRefused, "ActionFailed": ActionFailed, "ActionRolledBack": ActionRolledBack,
}  # fmt: skip


def to_varlink(error: HostInfoError) -> VarlinkError:
    """Return the error that the service replies."""
    parameters: dict[str, Any] = {"source": error.source, "detail": error.detail}
    if isinstance(error, ActionBusy):
        names = ("transaction", "requester", "since", "remaining_seconds")
        return VarlinkError(f"{INTERFACE}.ActionBusy", parameters | {name: getattr(error, name) for name in names})
    kind = type(error).__name__
    if kind not in _KINDS:
        return VarlinkError(f"{INTERFACE}.ActionFailed", {**parameters, "steps_done": []})
    return VarlinkError(f"{INTERFACE}.{kind}", {**parameters, "steps_done": list(getattr(error, "steps_done", ()))})


def permission_denied(method: str, user: str, detail: str) -> VarlinkError:
    """Return the error for a call that the policy does not allow."""
    return VarlinkError(f"{INTERFACE}.PermissionDenied", {"method": method, "user": user, "detail": detail})


def from_varlink(error: VarlinkError) -> HostInfoError:
    """Return the error that the client raises."""
    interface, _, kind = error.name.rpartition(".")
    parameters = error.parameters
    source, detail = str(parameters.get("source", "hostinfo-actions")), str(parameters.get("detail", error))
    if interface != INTERFACE:
        return ActionRefused("hostinfo-actions", str(error))
    if kind == "ActionBusy":
        remaining = parameters.get("remaining_seconds")
        return ActionBusy(
            source, detail, parameters.get("transaction"), parameters.get("requester"), parameters.get("since"),
            float(remaining) if remaining is not None else None,
        )  # fmt: skip
    return _KINDS.get(kind, ActionRefused)(source, detail, tuple(parameters.get("steps_done", ())))
