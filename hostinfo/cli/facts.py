"""Single facts by their paths: bare, labelled, as JSON or YAML; and the reason where there is none."""

from hostinfo.cli import EXIT_NO_DATA, EXIT_OK, EXIT_PARTIAL, print_error, write_output
from hostinfo.errors import DriverError
from hostinfo.output import document as dump
from hostinfo.output.json import to_builtins, to_json
from hostinfo.path import NoSuchItem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from typing import Any

    from hostinfo.facade import HostInfo
    from hostinfo.path import Path


def run(host: "HostInfo", paths: "Sequence[Path]", options: "Namespace") -> int:
    """Read what the paths need, each group once, and print it."""
    answers = {group: dump.collect_group(host, group, fields) for group, fields in _wanted(paths).items()}
    values: dict[str, object] = {}
    is_available = has_failed = False
    for path in paths:
        answer = answers[path.group]
        value, told, failed = _value(path, answer)
        values[path.text] = value
        is_available |= told
        has_failed |= failed
    if options.json or options.yaml:
        _print_plain(values, [(path, answers[path.group]) for path in paths], options)
    elif len(paths) == 1:
        path = paths[0]
        for line in _lines(values[path.text]):
            write_output(line + (f"  ({_source(path, answers[path.group])})" if options.sources else "") + "\n")
    else:
        for path in paths:
            is_sourced = options.sources and values[path.text] is not None
            source = f"  ({_source(path, answers[path.group])})" if is_sourced else ""
            write_output(_labelled(path.text, values[path.text], source))
    if not is_available:
        return EXIT_NO_DATA
    return EXIT_PARTIAL if has_failed else EXIT_OK


def _wanted(paths: "Sequence[Path]") -> dict[str, frozenset[str] | None]:
    wanted: dict[str, frozenset[str] | None] = {}
    for path in paths:
        before = wanted.get(path.group, frozenset())
        wanted[path.group] = None if path.field is None or before is None else before | {path.field}
    return wanted


def _value(path: "Path", answer: dump.GroupReport) -> tuple[object, bool, bool]:
    """The value, whether it was told, and whether something failed on the way; reasons go to standard error."""
    problems = [problem for problem in answer.problems if _touches(problem.path, path)]
    for message in dict.fromkeys(str(problem.error) for problem in problems):
        print_error(f"{path.text}: {message}")
    failed = any(isinstance(problem.error, DriverError) for problem in problems)
    if not answer.is_available:
        return None, False, failed
    try:
        value = path.resolve(answer.value)
    except NoSuchItem as error:
        print_error(f"{path.text}: {error}")
        return None, False, True
    if value is not None:
        return value, True, failed
    if any(problem.path for problem in problems):
        return None, False, failed
    print_error(f"{path.text}: {_absence(path)}")
    return None, True, failed


def _touches(place: str, path: "Path") -> bool:
    """Whether a problem at this place is one of the path: at it, above it or below it."""
    asked = [step for step in path.steps if isinstance(step, str)]
    parts = [part.partition("[")[0] for part in place.split(".")] if place else []
    return all(one == other for one, other in zip(asked, parts, strict=False))


def _absence(path: "Path") -> str:
    """What None means there, in the words of the field's documentation."""
    from hostinfo.field_docs import meaning_of_none

    return meaning_of_none(path) or "this machine has none, or does not tell"


def _source(path: "Path", answer: dump.GroupReport) -> str:
    return path.source(answer.sources) or "no source"


def _print_plain(values: dict[str, object], asked: "list[tuple[Path, dump.GroupReport]]", options: "Namespace") -> None:
    told: Any = values
    if options.sources:
        told = {
            path.text: {"value": values[path.text], "source": _source(path, answer) if answer.is_available else None}
            for path, answer in asked
        }
    elif len(values) == 1:
        told = next(iter(values.values()))
    if options.json:
        write_output(to_json(told) + "\n")
    else:
        from hostinfo.output.yaml import to_yaml

        write_output(to_yaml(to_builtins(told)))


def _lines(value: object) -> list[str]:
    """A plain value on a line, a list of them one a line, anything else as YAML."""
    if value is None:
        return []
    if isinstance(value, tuple) and not any(_is_compound(entry) for entry in value):
        return [_bare(entry) for entry in value]
    if _is_compound(value):
        from hostinfo.output.yaml import to_yaml

        return to_yaml(to_builtins(value)).splitlines()
    return [_bare(value)]


def _labelled(label: str, value: object, source: str) -> str:
    if isinstance(value, tuple) and not any(_is_compound(entry) for entry in value):
        return f"{label}: {' '.join(_bare(entry) for entry in value)}{source}\n"
    lines = _lines(value)
    if _is_compound(value):
        return "".join([f"{label}:{source}\n", *(f"  {line}\n" for line in lines)])
    return f"{label}: {''.join(lines)}{source}\n"


def _is_compound(value: object) -> bool:
    return not (value is None or isinstance(value, str | int | float))


def _bare(value: object) -> str:
    """A plain value as text that neither breaks the line nor commands a terminal."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
