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
    """Sum of the populated slots; None: no slots are described, or the size of one is unknown."""
    maximum_bytes: int | None
    slots: int | None
    error_correction: str | None
    """None: unknown, or the arrays differ."""
    dimms: tuple[Dimm, ...]


def installed_memory(tables: Tables) -> InstalledMemory:
    """Sum up the arrays of system memory; arrays of flash, video memory or cache do not count.

    A truncated table has no sums.
    """
    arrays = [array for array in tables.memory_arrays if array.is_system_memory]
    foreign = {array.handle for array in tables.memory_arrays if not array.is_system_memory}
    devices = [device for device in tables.memory_devices if device.is_populated and device.array not in foreign]
    sizes = [device.size_bytes for device in devices]
    corrections = {array.error_correction for array in arrays}
    return InstalledMemory(
        installed_bytes=sum(size for size in sizes if size) if sizes and all(sizes) and tables.is_complete else None,
        maximum_bytes=_sum(tables, [array.maximum_bytes for array in arrays]),
        slots=_sum(tables, [array.slots for array in arrays]),
        error_correction=corrections.pop() if len(corrections) == 1 else None,
        dimms=tuple(map(_dimm, devices)),
    )


def _sum(tables: Tables, numbers: list[int | None]) -> int | None:
    """Return the sum over all arrays; None if one is unknown."""
    return sum(number for number in numbers if number) if numbers and all(numbers) and tables.is_complete else None


def _dimm(device: MemoryDevice) -> Dimm:
    return Dimm(
        slot=device.slot,
        bank=device.bank,
        size_bytes=device.size_bytes,
        type=device.type,
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
