"""The agent's name, which survives restarts, and its epoch, which counts them.

The instance is the hardware's UUID, else the machine-id, else a random UUID. The first may be readable at one start and
not at another (a daemon that starts later, other permissions). So the first choice is kept in the state folder, as long
as the machine-id is the same.
"""

import json
import os
from collections.abc import Mapping
from uuid import uuid4

import hostinfo
from hostinfo import GroupResult, HostInfo, ReadError, Unavailable
from hostinfo.lowlevel.bounded_file import read_file
from hostinfo.model.hypervisor import Hypervisor
from hostinfo.model.system import System

from ..qmf import AgentName, Identity, Malformed
from .journal import WARNING, Journal
from .settings import Settings

FILE = "agent.json"
STATE_LIMIT = 64 * 1024
FIELDS = {
    "system": frozenset({"hardware_uuid", "machine_id", "hostname", "architecture"}),
    "hypervisor": frozenset({"role", "type"}),
}


def identify(settings: Settings, host: HostInfo, now_ns: int, journal: Journal) -> Identity:
    """Return the identity from settings, host and state folder; raise Unavailable if the configured name is invalid.

    A state folder that cannot be written is logged.
    """
    facts = {group: result.value for group, result in host.read_many(FIELDS) if isinstance(result, GroupResult)}
    system, hypervisor = facts.get("system") or System(), facts.get("hypervisor") or Hypervisor()
    folder = settings.state or os.environ.get("STATE_DIRECTORY", "").partition(":")[0] or None
    state = _load(folder)
    instance = settings.instance or _kept(state, system) or system.hardware_uuid or system.machine_id or str(uuid4())
    epoch = state.get("epoch")
    if folder is None or not isinstance(epoch, int):
        epoch = now_ns // 10**9  # seconds, too, increase from start to start, unless the clock is set back
    epoch = (epoch + 1) % 2**32
    try:
        _save(folder, {"epoch": epoch, "instance": instance, "machine_id": system.machine_id})
    except OSError as error:
        journal.log(WARNING, f"{folder}: name and epoch cannot be kept for the next start: {error.strerror or error}")
    try:
        name = AgentName(settings.vendor, settings.product, instance)
    except Malformed as error:
        raise Unavailable("agent name", str(error)) from error
    return Identity(
        name=name,
        attributes=attributes(system, hypervisor),
        epoch=epoch,
        schema_updated=now_ns,
        heartbeat_seconds=settings.heartbeat_seconds,
        domain=settings.domain,
    )


def attributes(system: System, hypervisor: Hypervisor) -> dict[str, object]:
    """Return the attributes by which consoles filter agents, without the absent ones."""
    values = {
        "uuid": system.hardware_uuid,
        "hostname": system.hostname,
        "machine_id": system.machine_id,
        "architecture": system.architecture,
        "hypervisor": hypervisor.type,
        "role": None if hypervisor.role is None else hypervisor.role.value,
        "version": hostinfo.__version__,
    }
    return {name: value for name, value in values.items() if value is not None}


def _kept(state: Mapping[str, object], system: System) -> str | None:
    """The instance of earlier starts of the same installation."""
    kept = state.get("instance")
    is_same = state.get("machine_id") == system.machine_id
    return kept if isinstance(kept, str) and kept and is_same else None


def _load(folder: str | None) -> dict[str, object]:
    if folder is None:
        return {}
    try:
        state = json.loads(read_file(os.path.join(folder, FILE), STATE_LIMIT))
    except (ReadError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _save(folder: str | None, state: Mapping[str, object]) -> None:
    """Save the state so that it survives a power failure; raise OSError."""
    if folder is None:
        return
    path = os.path.join(folder, FILE)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(json.dumps(state))
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
