"""The page that ``hostinfo dump`` shows to a person."""

from importlib import import_module

from hostinfo.cli.page.problems import problems
from hostinfo.cli.page.style import Style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hostinfo.dump import GroupReport

SECTIONS = {
    "system": "machine",
    "hypervisor": "machine",
    "domain": "machine",
    "cpu": "cpu",
    "memory": "memory",
    "numa": "memory",
    "network": "network",
    "guests": "moment",
    "statistics": "moment",
}
"""Group -> module of this folder with a function of the group's name."""


def page(answers: "Sequence[GroupReport]", *, with_sources: bool = False) -> str:
    """The groups that could be told as sections, then what could not."""
    style = Style(with_sources=with_sources)
    told = {answer.group: answer for answer in answers if answer.is_available}
    sections = [getattr(import_module(f"{__name__}.{SECTIONS[group]}"), group)(style, told) for group in told]
    sections.append(problems(style, answers))
    return "\n".join("\n".join(lines) + "\n" for lines in sections if lines)
