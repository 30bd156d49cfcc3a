"""A back end on files: an interface is a file whose content is its MTU. The guard opens it by the name of this module.

Files of the folder ``control`` make it misbehave, in whichever process: ``fail NAME`` (a step), ``hang NAME``,
``management NAME`` (is of the management path),
``ignore NAME`` (reports success without effect), ``kill NAME`` (before its effect), ``kill-after NAME``,
``no-restore``, ``restore-ignored``, ``kill-restore`` (once), ``no-persist``, ``kill-persist`` (after it).
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hostinfo.actions.network.backend import Backend, OnStep, PlannedStep
from hostinfo.actions.network.operations import Operations, OperationsReference
from hostinfo.actions.network.prepare import Prepared
from hostinfo.actions.network.transaction import Limits, NetworkAction
from hostinfo.actions.network.verify import verify
from hostinfo.errors import ActionFailed, ActionRefused
from hostinfo.model.network_state import Interface, NetworkState
from hostinfo.model.report import Change

SHORT = Limits(minimum_seconds=0.1)


def reference(folder: Path) -> OperationsReference:
    return OperationsReference(factory=f"{__name__}:open_toy", arguments={"folder": str(folder)})


def open_action(folder: Path, **options: Any) -> NetworkAction:
    return NetworkAction(reference(folder), root=str(folder / "journal"), limits=SHORT, **options)


def request(**mtus: int | None) -> NetworkState:
    """Return a request for interfaces with these MTUs; None: remove the interface."""
    return NetworkState(
        interfaces=tuple(
            Interface(name=name, type="ethernet", mtu=mtu) if mtu is not None else Interface(name=name, state="absent")
            for name, mtu in mtus.items()
        )
    )


def read_files(folder: Path) -> dict[str, str]:
    """Return what runs, read without the back end."""
    return {path.name: path.read_text() for path in (folder / "running").iterdir() if path.is_file()}


def read_persistent(folder: Path) -> dict[str, str]:
    """Return what the next boot has, read without the back end."""
    persistent: dict[str, str] = json.loads((folder / "persistent.json").read_text())
    return persistent


def create(folder: Path, **mtus: int) -> Path:
    for name in ("running", "running/directory", "control"):
        (folder / name).mkdir()
    for name, mtu in mtus.items():
        (folder / "running" / name).write_text(str(mtu))
    (folder / "persistent.json").write_text(json.dumps(read_files(folder)))
    return folder


def open_toy(folder: str) -> Operations:
    toy = ToyNetwork(Path(folder))
    backend = Backend(
        name="toy",
        is_persistent=True,
        read=toy.read,
        check=lambda _current, _desired: (),
        plan=toy.plan,
        snapshot=lambda _current, _desired: toy.snapshot(),
        apply=toy.apply,
        persist=toy.persist,
        restore=toy.restore,
    )
    return Operations(backend=backend, prepare=toy.prepare, verify=verify)


class ToyNetwork:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running = folder / "running"

    def read(self) -> NetworkState:
        return request(**{name: int(mtu) for name, mtu in sorted(read_files(self.folder).items())})

    def prepare(self, wanted: NetworkState) -> Prepared:
        current = self.read()
        for link in wanted.interfaces:
            if link.mtu is not None and link.mtu < 68:
                raise ActionRefused(f"interfaces[{link.name}].mtu", "an MTU is 68 or larger")
        merged = {link.name: link for link in (*current.interfaces, *wanted.interfaces)}
        kept = tuple(merged[name] for name in sorted(merged) if merged[name].state != "absent")
        desired = NetworkState(interfaces=kept)
        if "unsupported" in merged:
            raise ActionRefused("interfaces[unsupported]", "not supported by the toy")
        return Prepared(
            current=current,
            desired=desired,
            changes=changes(current, desired),
            steps=self.plan(current, desired),
            cut_off=tuple(one.path for one in changes(current, desired) if self.is_set(f"management {one.path}")),
            affected=(),
        )

    def plan(self, current: NetworkState, desired: NetworkState) -> tuple[PlannedStep, ...]:
        return tuple(
            PlannedStep(name=f"set {one.path}", target=str(self.running / one.path))
            for one in changes(current, desired)
        )

    def snapshot(self) -> Mapping[str, Any]:
        return {"running": read_files(self.folder), "persistent": read_persistent(self.folder)}

    def apply(self, current: NetworkState, desired: NetworkState, on_step: OnStep) -> None:
        for change in changes(current, desired):
            path = self.running / change.path
            on_step(f"set {change.path}", str(path))
            while self.is_set(f"hang {change.path}"):
                time.sleep(0.02)
            if self.is_set(f"fail {change.path}"):
                raise ActionFailed(f"set {change.path}", "Operation not permitted")
            self.kill_if_set(f"kill {change.path}")
            if not self.is_set(f"ignore {change.path}"):
                self.write(path, change.new)
            self.kill_if_set(f"kill-after {change.path}")

    def persist(self, desired: NetworkState) -> None:
        if self.is_set("no-persist"):
            raise OSError(28, "No space left on device")
        wanted = {link.name: str(link.mtu) for link in desired.interfaces}
        (self.folder / "persistent.json").write_text(json.dumps(wanted))
        self.kill_if_set("kill-persist")

    def restore(self, snapshot: Mapping[str, Any], on_step: OnStep) -> None:
        if self.is_set("no-restore"):
            raise ActionFailed("restore", "the service does not answer")
        running = snapshot["running"]
        for name in sorted({*running, *read_files(self.folder)}):
            on_step(f"restore {name}", str(self.running / name))
            self.kill_if_set("kill-restore")
            if not self.is_set("restore-ignored"):
                self.write(self.running / name, running.get(name))
        (self.folder / "persistent.json").write_text(json.dumps(snapshot["persistent"]))

    def is_set(self, name: str) -> bool:
        return (self.folder / "control" / name).exists()

    def kill_if_set(self, name: str) -> None:
        if self.is_set(name):
            (self.folder / "control" / name).unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, path: Path, content: str | None) -> None:
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(content)


def changes(current: NetworkState, desired: NetworkState) -> tuple[Change, ...]:
    old = {link.name: str(link.mtu) for link in current.interfaces}
    new = {link.name: str(link.mtu) for link in desired.interfaces}
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    return tuple(Change(path=name, old=old.get(name), new=new.get(name)) for name in names)
