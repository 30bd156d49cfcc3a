"""Pressure stall information: /proc/pressure, Documentation/accounting/psi.rst."""

from hostinfo.errors import ParseError
from hostinfo.model.statistics import Pressure
from hostinfo.record import record_fields

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
            try:
                values[key] = float(amount) / 1e6 if name == "total" else float(amount)
            except ValueError as error:
                raise ParseError(f"/proc/pressure/{resource}", f"not a number: {amount[:40]!r}") from error
    return Pressure(resource=resource, **values)
