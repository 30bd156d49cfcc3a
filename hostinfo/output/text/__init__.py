"""The page that ``hostinfo dump`` prints for people: one section per group, then what is not available."""

from __future__ import annotations

from importlib import import_module

from hostinfo.groups import TABLE
from hostinfo.output.text import problems
from hostinfo.output.text.problems import hint as hint
from hostinfo.output.text.style import Style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hostinfo.output.document import GroupReport


def render(
    reports: Sequence[GroupReport],
    style: Style,
    *,
    is_root: bool,
    uri: str | None,
    compared: Sequence[GroupReport] = (),
) -> str:
    """Return the page of these groups.

    ``is_root``: the user is root already, and needs no hint to become it. ``uri``: the host's, on which advice depends.
    ``compared``: groups without a section whose fields other sections show next to their own (``Group.compares_with``).
    """
    available = {report.group: report for report in (*reports, *compared) if report.is_available}
    sections = [_render_group(report.group, style, available) for report in reports if report.is_available]
    sections.append(problems.render(style, reports, is_root=is_root, uri=uri))
    return "\n".join("\n".join(lines) + "\n" for lines in sections if lines)


def _render_group(group: str, style: Style, available: Mapping[str, GroupReport]) -> list[str]:
    section = TABLE[group].section
    if section is None:
        from hostinfo.output.text import generic

        return generic.render(style, available[group])
    lines: list[str] = import_module(f"{__name__}.{section}").render(style, available)
    return lines
