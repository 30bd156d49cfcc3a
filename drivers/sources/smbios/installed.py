"""Sum up the installed memory from SMBIOS types 16 and 17 for the model."""

from __future__ import annotations

from hostinfo.model.memory import Dimm
from hostinfo.record import record

from . import Tables
from .memory import MemoryDevice


@record
class InstalledMemory:
    """The capacity of the board and the contents of its slots."""

    installed_bytes: int | None
    """RAM in the populated slots, without persistent memory; None: none described, or the size of one is unknown."""
    maximum_bytes: int | None
    slots: int | None
    error_correction: str | None
    """None: unknown, or the arrays differ."""
    dimms: tuple[Dimm, ...]
    reasons: dict[str, str]
    """Why a field is absent or incomplete, by its name."""


def installed_memory(tables: Tables) -> InstalledMemory:
    """Sum up the arrays of system memory; arrays of flash, video memory or cache do not count.

    A truncated table has no sums.
    """
    arrays = [array for array in tables.memory_arrays if array.is_system_memory]
    foreign = {array.handle for array in tables.memory_arrays if not array.is_system_memory}
    devices = [device for device in tables.memory_devices if device.is_populated and device.array not in foreign]
    ram = [device for device in devices if device.volatile_bytes != 0]
    unknown = [device.slot or device.bank or "a slot" for device in ram if device.volatile_bytes is None]
    corrections = {array.error_correction for array in arrays}
    return InstalledMemory(
        installed_bytes=_sum(tables, [device.volatile_bytes for device in ram]),
        maximum_bytes=_sum(tables, [array.maximum_bytes for array in arrays]),
        slots=_sum(tables, [array.slots for array in arrays]),
        error_correction=corrections.pop() if len(corrections) == 1 else None,
        dimms=tuple(map(_dimm, devices)),
        reasons=_reasons(tables, unknown),
    )


def _sum(tables: Tables, numbers: list[int | None]) -> int | None:
    """Return the sum over all arrays; None if one is unknown."""
    return sum(number for number in numbers if number) if numbers and all(numbers) and tables.is_complete else None


def _reasons(tables: Tables, unknown: list[str]) -> dict[str, str]:
    if not tables.is_complete:
        why = f"the table breaks off: {'; '.join(tables.problems)}"
        return dict.fromkeys(("installed_bytes", "maximum_bytes", "slots", "dimms"), why)
    return {"installed_bytes": f"the firmware does not know the size of {', '.join(unknown)}"} if unknown else {}


def _dimm(device: MemoryDevice) -> Dimm:
    return Dimm(
        slot=device.slot,
        bank=device.bank,
        size_bytes=device.size_bytes,
        type=device.type,
        technology=device.technology,
        non_volatile_bytes=device.non_volatile_bytes,
        form_factor=device.form_factor,
        manufacturer=device.manufacturer,
        part_number=device.part_number,
        serial=device.serial,
        asset_tag=device.asset_tag,
        rank=device.rank,
        speed_mts=device.speed_mts,
        configured_speed_mts=device.configured_speed_mts,
        data_width_bits=device.data_width_bits,
        total_width_bits=device.total_width_bits,
    )
