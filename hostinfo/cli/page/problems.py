"""The end of the page: what could not be told, why, and what to do about it."""

from hostinfo import dump
from hostinfo.cli.page.style import BOLD, DIM, YELLOW, Style, clean, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hostinfo.fact import Problem


def problems(style: Style, answers: "Sequence[dump.GroupReport]") -> list[str]:
    """Failures first, then what nobody here can tell."""
    failed: list[str] = []
    untold: list[str] = []
    advice: dict[str, None] = {}
    for answer in answers:
        same: dict[tuple[str, str], list[str]] = {}
        for path, error in dump.errors(answer).items():
            same.setdefault((error["kind"], error["message"]), []).append(path)
        for (kind, message), paths in same.items():
            text = f"{', '.join(paths)}: {message}"
            if paths == [answer.group] and message.startswith(f"{answer.group}: "):
                text = message
            lines = wrap(clean(text), style.width - 4)
            listed = untold if kind == "Unsupported" else failed
            listed += ["  " + lines[0], *("    " + line for line in lines[1:])]
        for problem in answer.problems:
            hint = _hint(problem)
            if hint:
                advice[hint] = None
    lines = []
    if failed:
        lines += [style.paint("Could not be told", YELLOW), *failed]
        lines += [f"  {style.paint('To do:', BOLD)} {hint}" for hint in advice]
    if untold:
        lines += (
            ["", *_dim(style, ["Nobody here can tell", *untold])]
            if lines
            else _dim(style, ["Nobody here can tell", *untold])
        )
    return lines


def _dim(style: Style, lines: "Sequence[str]") -> list[str]:
    return [style.paint(line, DIM) for line in lines]


def _hint(problem: "Problem") -> str | None:
    """What would help, by the kind of the failure."""
    import errno
    import os

    if getattr(problem.error, "errno", None) in (errno.EACCES, errno.EPERM) and os.geteuid() != 0:
        return "run as root to read what only root may"
    if problem.error.kind == "Unavailable":
        return "hostinfo doctor says what is missing and how to get it"
    return None
