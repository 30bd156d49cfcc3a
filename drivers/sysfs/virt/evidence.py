"""One piece of evidence about the hypervisor that runs this kernel."""

from __future__ import annotations

from hostinfo.record import record


@record
class Evidence:
    """What was found, where, and what it means."""

    hypervisor: str | None
    """Name of the hypervisor, as systemd-detect-virt(1) prints it; None: evidence that this is no guest."""
    source: str
    text: str
    is_cloud: bool = False
    """Whether the name is a cloud's."""
