"""What an unconfirmed change has in memory: profiles to write at the confirm, and NetworkManager's checkpoint.

The confirm may come from another process, so this is a file in /run, gone with the profiles at the next boot. It stays
after the confirm, which may be repeated.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress

from hostinfo.errors import ActionFailed
from hostinfo.record import record

PATH = "/run/NetworkManager/hostinfo-pending.json"


@record
class PendingProfiles:
    """Profiles of one change."""

    desired: str
    """Hash of the state that the change leads to."""
    saved: tuple[str, ...]
    """UUIDs of the profiles to write to the disk."""
    deleted: tuple[str, ...]
    """UUIDs of the profiles to delete."""
    checkpoint: str | None = None
    """Path of NetworkManager's checkpoint; None: there is none."""


def write_pending(pending: PendingProfiles) -> None:
    """Replace the file. ActionFailed: /run is full or not writable."""
    values = {
        "desired": pending.desired, "saved": pending.saved, "deleted": pending.deleted,
        "checkpoint": pending.checkpoint,
    }  # fmt: skip
    try:
        draft = f"{PATH}.new"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(values, file)
        os.rename(draft, PATH)
    except OSError as error:
        raise ActionFailed(PATH, f"cannot be written: {error.strerror}") from error


def read_pending() -> PendingProfiles | None:
    """Return the content of the file; None: there is none. ActionFailed: it is damaged."""
    try:
        with open(PATH, encoding="utf-8") as file:
            values = json.load(file)
        return PendingProfiles(
            desired=values["desired"],
            saved=tuple(values["saved"]),
            deleted=tuple(values["deleted"]),
            checkpoint=values["checkpoint"],
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ActionFailed(PATH, f"cannot be read: {error}") from error


def remove_pending() -> None:
    """Delete the file."""
    with suppress(FileNotFoundError):
        os.unlink(PATH)
