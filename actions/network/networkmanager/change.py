"""Carry out, confirm and undo a change by profiles."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from hostinfo.errors import ActionFailed
from hostinfo.model.network_state import NetworkState
from hostinfo.record import replace

from .. import kernel_backend
from ..backend import OnStep, PlannedStep
from ..clock import boot_id
from ..config_file import sync_file, sync_folder
from ..document import digest
from ..kernel_plan import plan_kernel
from ..kernel_steps import KernelSteps
from ..stack import by_name
from ..steps import AddRoute, DeleteAddress, DeleteRoute
from ..system_bus import NotRunning
from . import keyfiles
from .activation import activate, deactivate, delete_link, reapply, set_down, settle
from .bus import Bus
from .checkpoint import create_checkpoint, destroy_checkpoint
from .client import BLOCK_AUTOCONNECT, IN_MEMORY, TO_DISK, Client
from .dbus_values import Settings
from .pending_profiles import PATH as PENDING
from .pending_profiles import PendingProfiles, read_pending, remove_pending, write_pending
from .profile_plan import (
    ACTIVATE,
    DEACTIVATE,
    ORDER,
    REAPPLY,
    RECREATE,
    ProfileChange,
    ProfilePlan,
    plan_profiles,
    touched_links,
)
from .profile_state import DEFAULTS, addresses, configured_routes, master_of

CHECKPOINT = "create a checkpoint"
_VERBS = {
    ACTIVATE: "activate the profile of",
    REAPPLY: "apply the profile to",
    RECREATE: "create again",
    DEACTIVATE: "set down",
}


def planned_steps(plan: ProfilePlan) -> tuple[PlannedStep, ...]:
    """Return the steps for people."""
    steps = [PlannedStep(name=CHECKPOINT, target="NetworkManager")]
    for one in plan.changes:
        if one.is_changed:
            verb = "add" if one.is_new else "change"
            steps.append(PlannedStep(name=f"{verb} the profile of {one.link} in memory", target=one.uuid))
    steps += [PlannedStep(name=f"delete {link}", target=link) for link, _ in plan.removed]
    for one in plan.changes:
        if one.action in _VERBS:
            steps.append(PlannedStep(name=f"{_VERBS[one.action]} {one.link}", target=one.link))
    return tuple(steps)


def take_snapshot(client: Client, current: NetworkState, desired: NetworkState) -> Mapping[str, Any]:
    """Return what ``restore`` needs; it has no secret."""
    plan = plan_profiles(client, current, desired)
    uuids = [one.uuid for one in plan.changes if one.is_changed and not one.is_new]
    uuids += [uuid for _, uuid in plan.removed if uuid is not None]
    files = {
        uuid: keyfiles.save(profile.filename)
        for uuid in dict.fromkeys(uuids)
        if (profile := client.profiles.get(uuid)) is not None and profile.filename.startswith(f"{keyfiles.ETC}/")
    }
    types = {name: link.type for name, link in {**by_name(desired), **by_name(current)}.items()}
    links = {*(one.link for one in plan.changes), *(link for link, _ in plan.removed)}
    links |= touched_links(current, desired)
    ordered = sorted(links, key=lambda name: (ORDER.index(types[name] or ""), name))
    active = {name: device.profile for name in ordered if (device := client.devices.get(name)) is not None}
    return {
        "boot_id": boot_id(),
        "kernel": kernel_backend.snapshot(current, desired),
        "files": files,
        "added": [one.uuid for one in plan.changes if one.is_new],
        "active": [[name, active.get(name)] for name in ordered],
    }


def apply_changes(bus: Bus, current: NetworkState, desired: NetworkState, on_step: OnStep) -> None:
    """Change the profiles in memory, and bring them into force. ActionFailed: those before the failure stay."""
    client = Client(bus)
    plan = plan_profiles(client, current, desired)
    pending = PendingProfiles(
        desired=digest(desired),
        saved=tuple(one.uuid for one in plan.changes if one.is_changed),
        deleted=tuple(uuid for _, uuid in plan.removed if uuid is not None),
    )
    write_pending(pending)
    on_step(CHECKPOINT, "NetworkManager")
    links = {*(one.link for one in plan.changes), *(link for link, _ in plan.removed)}
    checkpoint = create_checkpoint(client, links)
    write_pending(replace(pending, checkpoint=checkpoint))
    for one in plan.changes:
        if one.is_changed:
            on_step(f"{'add' if one.is_new else 'change'} the profile of {one.link} in memory", one.uuid)
            if one.is_new:
                client.add(one.settings)
            else:
                client.update(client.profiles[one.uuid].path, one.settings, IN_MEMORY | BLOCK_AUTOCONNECT)
    has_deleted = _delete_external(client, current, desired)
    for link, _ in plan.removed:
        on_step(f"delete {link}", link)
        delete_link(client, link)
    for one in plan.changes:
        if one.action in _VERBS:
            on_step(f"{_VERBS[one.action]} {one.link}", one.link)
            _carry_out(bus, one)
    is_active = {one.link: one.uuid for one in plan.changes if one.action in (ACTIVATE, REAPPLY, RECREATE)}
    if left := settle(bus, is_active.items()):
        raise ActionFailed("NetworkManager", f"not activated: {', '.join(left)}; see journalctl -u NetworkManager")
    if has_deleted:
        _add_lost_routes(desired)


def _carry_out(bus: Bus, change: ProfileChange) -> None:
    client = Client(bus)  # devices appear meanwhile
    if change.action == REAPPLY:
        reapply(client, change.uuid, change.link)
    elif change.action == DEACTIVATE:
        set_down(client, change.link)
    else:
        if change.action == RECREATE:
            delete_link(client, change.link)
            client = Client(bus)
        activate(client, change.uuid, change.link)


def _delete_external(client: Client, current: NetworkState, desired: NetworkState) -> bool:
    """Delete addresses and routes that have to go and are in no profile; return whether there were any.

    An administrator added them. That comes before the profiles: with the first address of a network the kernel deletes
    the others.
    """
    kernel = KernelSteps()
    has_deleted = False
    try:
        for step in plan_kernel(current, desired):
            if isinstance(step, DeleteAddress | DeleteRoute) and _is_external(step, client.applied(step.link)):
                kernel.apply(step)
                has_deleted = True
    finally:
        kernel.close()
    return has_deleted


def _add_lost_routes(desired: NetworkState) -> None:
    """Add routes that the kernel deleted with an external address, and that NetworkManager takes for present."""
    kernel = KernelSteps()
    try:
        for step in plan_kernel(kernel_backend.read_state(), desired):
            if isinstance(step, AddRoute):
                with suppress(ActionFailed):  # what is still missing is found when the network is read again
                    kernel.apply(step)
    finally:
        kernel.close()


def _is_external(step: DeleteAddress | DeleteRoute, settings: Settings | None) -> bool:
    if settings is None:
        return False  # its profile removes everything when it is activated
    if isinstance(step, DeleteAddress):
        return all(step.ip != one.ip for family in DEFAULTS for one in addresses(settings.get(family, {})))
    routes = [(one.destination, one.next_hop_address) for one in configured_routes(settings)]
    return (step.destination, step.gateway) not in routes


def persist_changes(bus: Bus, desired: NetworkState) -> None:
    """Write the profiles of a change to the disk, and remove the checkpoint. May be repeated."""
    pending = read_pending()
    if pending is None or pending.desired != digest(desired):
        raise ActionFailed(PENDING, "it is not that of this change; roll back, and apply it again")
    client = Client(bus)
    missing = [uuid for uuid in pending.saved if uuid not in client.profiles]
    if missing:
        detail = f"profiles {', '.join(missing)} are gone; was NetworkManager's memory of them cleared?"
        raise ActionFailed("NetworkManager", detail)
    for uuid in pending.saved:
        client.update(client.profiles[uuid].path, None, TO_DISK)
    for uuid in pending.deleted:
        if uuid in client.profiles:
            bus.call(client.profiles[uuid].path, "Settings.Connection.Delete")
    after = Client(bus)
    for uuid in pending.saved:
        filename = after.profiles[uuid].filename
        if not filename.startswith(f"{keyfiles.ETC}/"):
            raise ActionFailed("NetworkManager", f"the profile {uuid} was not written below {keyfiles.ETC}")
        sync_file(filename)
    sync_folder(keyfiles.ETC)
    destroy_checkpoint(bus, pending.checkpoint)
    write_pending(replace(pending, checkpoint=None))


def restore_changes(saved: Mapping[str, Any], on_step: OnStep) -> None:
    """Undo a change in whatever state the host is; before NetworkManager runs at boot, only the keyfiles."""
    if saved["boot_id"] != boot_id():
        _restore_files(saved, on_step)
        return
    try:
        bus = Bus()
    except NotRunning:
        _restore_without_service(saved, on_step)
        return
    except ActionFailed:
        _restore_without_service(saved, on_step)
        raise
    try:
        _restore_profiles(bus, saved, on_step)
    except ActionFailed:
        _restore_without_service(saved, on_step)
        raise
    finally:
        bus.close()
    kernel_backend.restore(saved["kernel"], on_step)
    remove_pending()


def _restore_without_service(saved: Mapping[str, Any], on_step: OnStep) -> None:
    """Bring back links and files where NetworkManager does not reply; it keeps the profiles that it has in memory.

    The links come back also where the disk is full.
    """
    try:
        _restore_files(saved, on_step)
    finally:
        kernel_backend.restore(saved["kernel"], on_step)


def _restore_files(saved: Mapping[str, Any], on_step: OnStep) -> list[str]:
    """Put the keyfiles back, remove those that were added, and return the paths that NetworkManager has to read."""
    changed = []
    for uuid in saved["added"]:
        on_step(f"remove the profile {uuid}", keyfiles.ETC)
        changed += keyfiles.remove(keyfiles.RUN, uuid) + keyfiles.remove(keyfiles.ETC, uuid)
    for uuid, file in saved["files"].items():
        on_step(f"put the profile {uuid} back", file["path"])
        changed += keyfiles.remove(keyfiles.RUN, uuid)
        try:
            keyfiles.put_back(file, uuid)
        except OSError as error:
            raise ActionFailed(file["path"], f"cannot be written back: {error.strerror}") from error
        changed.append(file["path"])
    return changed


def _restore_profiles(bus: Bus, saved: Mapping[str, Any], on_step: OnStep) -> None:
    with suppress(ActionFailed):  # a damaged record: the checkpoint ends by itself
        pending = read_pending()
        destroy_checkpoint(bus, pending.checkpoint if pending is not None else None)
    client = Client(bus)
    for uuid in saved["added"]:
        if uuid in client.profiles:
            on_step(f"delete the profile {uuid}", uuid)
            bus.call(client.profiles[uuid].path, "Settings.Connection.Delete")
    paths = _restore_files(saved, on_step)
    if paths:
        client.load(paths)
    known = {name for name, _ in saved["active"]}
    _delete_new_links(client, saved, known, on_step)
    wanted = {}
    activated: set[str] = set()
    for name, uuid in saved["active"]:
        client = Client(bus)
        if uuid is None or uuid not in client.profiles:
            deactivate(client, name)
            continue
        wanted[name] = uuid
        settings = client.profiles[uuid].settings
        device = client.devices.get(name)
        is_released = master_of(settings) in activated
        if device is not None and device.profile == uuid and not is_released:
            if client.applied(name) != settings:
                on_step(f"apply the former profile to {name}", name)
                reapply(client, uuid, name)
        else:
            on_step(f"activate the former profile of {name}", name)
            activate(client, uuid, name)
            activated |= {name, uuid}
    settle(bus, wanted.items())


def _delete_new_links(client: Client, saved: Mapping[str, Any], known: set[str], on_step: OnStep) -> None:
    """Delete links that the change created: the kernel's part of the snapshot does not have them."""
    before = {link["name"] for link in saved["kernel"]["before"].get("interfaces", ())}
    for name in sorted(known - before):
        if name in saved["kernel"]["links"]:
            on_step(f"delete {name} again", name)
            delete_link(client, name)
