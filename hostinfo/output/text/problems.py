"""End of the page: what is not available, why, and what to do about it."""

from __future__ import annotations

from hostinfo.output.document import errors_by_path
from hostinfo.output.escape import escape_unprintable
from hostinfo.output.text.style import BOLD, DIM, YELLOW, Style, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hostinfo.errors import HostInfoError
    from hostinfo.output.document import GroupReport


def render(style: Style, reports: Sequence[GroupReport], *, is_root: bool, uri: str | None) -> list[str]:
    """Return failures with advice, drivers that failed where another reported, then what no source here provides."""
    problems = _messages(reports)
    failed = _wrapped(style, (text for kind, text in problems if kind != "Unsupported"))
    replaced = _wrapped(style, _replaced(reports))
    unsupported = _wrapped(style, (text for kind, text in problems if kind == "Unsupported"))
    sections = []
    if failed:
        found = (problem for report in reports for problem in report.problems)
        hints = dict.fromkeys(hint(problem.error, is_root=is_root, uri=uri) for problem in found)
        lines = [style.colorize("Not available", YELLOW), *failed]
        sections.append(lines + [f"  {style.colorize('Hint:', BOLD)} {text}" for text in hints if text])
    if replaced:
        sections.append([style.colorize("Failed, and reported by another source", YELLOW), *replaced])
    if unsupported:
        lines = ["Not provided by any source on this host", *unsupported]
        sections.append([style.colorize(line, DIM) for line in lines])
    return [line for number, lines in enumerate(sections) for line in ([""] if number else []) + lines]


def _wrapped(style: Style, texts: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for text in texts:
        first, *others = wrap(escape_unprintable(text), style.width - 4)
        lines += ["  " + first, *("    " + line for line in others)]
    return lines


def _messages(reports: Sequence[GroupReport]) -> list[tuple[str, str]]:
    """Return kind and text of each problem; all paths with the same problem are joined."""
    paths: dict[tuple[str, str], list[str]] = {}
    for report in reports:
        for path, error in errors_by_path(report).items():
            paths.setdefault((error["kind"], error["message"]), []).append(path)
    return [(kind, _joined(names, message)) for (kind, message), names in paths.items()]


def _replaced(reports: Sequence[GroupReport]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for report in reports:
        for failed in report.failed_drivers:
            groups.setdefault(str(failed.error), []).append(report.group)
    return [_joined(names, message) for message, names in groups.items()]


def _joined(paths: Sequence[str], message: str) -> str:
    is_named = len(paths) == 1 and message.startswith(f"{paths[0]}: ")
    return message if is_named else f"{', '.join(paths)}: {message}"


def hint(error: HostInfoError, *, is_root: bool, uri: str | None) -> str | None:
    """Return what the reader can do about a failure; None: nothing, as with a recording."""
    import errno

    from hostinfo.registry import is_this_host

    if is_this_host(uri):
        if getattr(error, "errno", None) in (errno.EACCES, errno.EPERM) and not is_root:
            return "run as root to read what only root may"
        if error.kind == "Unavailable":
            return "`hostinfo doctor` shows what is missing and how to install it"
    elif error.kind == "Unavailable" and str(uri).partition(":")[0] not in ("recorded", "sysfs"):
        return f"`virsh -c {uri} version` tests the connection to that host"
    return None
