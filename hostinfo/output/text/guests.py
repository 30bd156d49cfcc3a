"""Section "Guests": one line per domain that this host runs."""

from __future__ import annotations

from hostinfo.output.text.style import Section, Style
from hostinfo.output.text.units import join_present, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hostinfo.model.guests import Guests
    from hostinfo.output.document import GroupReport


def render(style: Style, reports: Mapping[str, GroupReport]) -> list[str]:
    """Return the lines of the section."""
    value: Guests = reports["guests"].value  # type: ignore[assignment]
    section = Section(style, reports["guests"], "Guests")
    for guest in value.guests:
        text = join_present(guest.state, f"{guest.vcpus} vCPUs", size(guest.memory_bytes), guest.uuid)
        section.row(guest.name, text, "guests")
    if not value.guests:
        section.row("None", "no guest is defined", "guests")
    return section.lines()
