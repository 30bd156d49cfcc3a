"""Pressure stall information: /proc/pressure, Documentation/accounting/psi.rst."""

from hostinfo.model.statistics import Pressure
from hostinfo.record import record_fields

from .text import parse_decimal

RESOURCES = ("cpu", "memory", "io", "irq")


def parse_pressure(resource: str, text: str) -> Pressure:
    """Return the pressure of one resource; shares are in percent, totals in seconds."""
    values: dict[str, float] = {}
    for line in text.splitlines():
        kind, *pairs = line.split() or [""]
        for name, _, amount in (pair.partition("=") for pair in pairs):
            key = f"{kind}_total_seconds" if name == "total" else f"{kind}_{name[3:]}_seconds_percent"
            if key not in record_fields(Pressure):
                continue
            number = parse_decimal(amount, f"/proc/pressure/{resource}")
            values[key] = number / 1e6 if name == "total" else number
    return Pressure(resource=resource, **values)
