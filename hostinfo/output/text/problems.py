"""End of the page: what is not available, why, and what to do about it."""

from __future__ import annotations

from hostinfo.output.document import errors_by_path
from hostinfo.output.escape import escape_unprintable
from hostinfo.output.text.style import BOLD, DIM, YELLOW, Style, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hostinfo.fact import Problem
    from hostinfo.output.document import GroupReport


def render(style: Style, reports: Sequence[GroupReport], *, is_root: bool) -> list[str]:
    """Return failures with advice, then what no source on this host provides."""
    failed: list[str] = []
    unsupported: list[str] = []
    for report in reports:
        for kind, text in _messages(report):
            lines = wrap(escape_unprintable(text), style.width - 4)
            listed = unsupported if kind == "Unsupported" else failed
            listed += ["  " + lines[0], *("    " + line for line in lines[1:])]
    lines = []
    if failed:
        hints = dict.fromkeys(_hint(problem, is_root=is_root) for report in reports for problem in report.problems)
        lines += [style.colorize("Not available", YELLOW), *failed]
        lines += [f"  {style.colorize('Hint:', BOLD)} {hint}" for hint in hints if hint]
    if unsupported:
        lines += [""] if lines else []
        lines += [style.colorize(line, DIM) for line in ("Not provided by any source on this host", *unsupported)]
    return lines


def _messages(report: GroupReport) -> list[tuple[str, str]]:
    """Return kind and text of each problem; paths with the same problem are joined."""
    paths: dict[tuple[str, str], list[str]] = {}
    for path, error in errors_by_path(report).items():
        paths.setdefault((error["kind"], error["message"]), []).append(path)
    found = []
    for (kind, message), names in paths.items():
        is_named = names == [report.group] and message.startswith(f"{report.group}: ")
        found.append((kind, message if is_named else f"{', '.join(names)}: {message}"))
    return found


def _hint(problem: Problem, *, is_root: bool) -> str | None:
    """Return what the reader can do about this kind of failure."""
    import errno

    if getattr(problem.error, "errno", None) in (errno.EACCES, errno.EPERM) and not is_root:
        return "run as root to read what only root may"
    if problem.error.kind == "Unavailable":
        return "`hostinfo doctor` shows what is missing and how to install it"
    return None
