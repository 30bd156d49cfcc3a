"""``hostinfo dump``: all facts as a page, JSON or YAML, or single facts by their paths."""

from __future__ import annotations

import hostinfo
from hostinfo.cli.streams import EXIT_NO_DATA, EXIT_OK, EXIT_PARTIAL, EXIT_USAGE, print_error, write_output
from hostinfo.errors import HostInfoError
from hostinfo.groups import GROUPS, TABLE
from hostinfo.output.document import (
    GroupReport,
    all_errors,
    all_failed_drivers,
    build_document,
    build_header,
    collect_group,
    why_unreachable,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Sequence

    from hostinfo.output.selection import Selection
    from hostinfo.path import Path

DESCRIPTION = f"""\
Shows the facts of this host: all of them on a page, or those that each PATH selects.

A PATH is a group and fields: cpu.model_name. Brackets select a list item by its key
(a link's name, a processor's number), or by position if items have no key:
network.links[eth0].mac. Without brackets the field of every item is selected:
network.links.name. Only what the paths need is read.

A single value is printed alone, a list with one item per line. If there is no value,
the reason is printed on standard error. With --json, one PATH prints its value,
several print an object of them; with --by-path, one does, too.

groups:
{"".join(f"  {name:<11} {group.summary}" + chr(10) for name, group in TABLE.items())}"""
EXAMPLES = (
    ("hostinfo dump", "all facts of this host"),
    ("hostinfo dump cpu memory", "two groups"),
    ("hostinfo dump cpu.model_name", "one fact"),
    ("hostinfo dump cpu.processors[0].core_id", "a fact of CPU 0"),
    ("hostinfo dump network.links.name", "the names of all links, one per line"),
    ("hostinfo dump memory.total_bytes --sources", "with its source"),
    ("hostinfo dump --json | jq .errors", "what is not available, and why"),
    ("hostinfo -c recorded:DIR dump", "a recorded host"),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="a group or a fact (default: everything)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON, as described by `hostinfo schema`")
    form.add_argument("--yaml", action="store_true", help="print the same as YAML")
    parser.add_argument("--by-path", action="store_true", help="print an object of PATH to value, also for one PATH")
    parser.add_argument("--sources", action="store_true", help="show where each fact was read (always in a full JSON)")


def run(options: Namespace) -> int:
    """Read the facts, print them, and return the exit code."""
    try:
        paths = _parse(options.paths) if options.paths else []
    except ValueError as error:
        print_error(f"dump: {error}")
        return EXIT_USAGE
    try:
        host = hostinfo.open(options.connect)
    except HostInfoError as error:
        print_error(str(error))
        return EXIT_NO_DATA
    for problem in host.problems:
        print_error(str(problem.error))
    with host, host.snapshot():
        code = _print(host, options, paths)
    return EXIT_PARTIAL if host.problems and code == EXIT_OK else code


def _print(host: hostinfo.HostInfo, options: Namespace, paths: Sequence[Path]) -> int:
    is_text = not (options.json or options.yaml)
    if is_text and all(path.field is None for path in paths) and not (paths and options.by_path):
        return _print_page(host, options, [path.group for path in paths] or GROUPS)
    if paths:
        return _print_facts(host, options, paths)
    return _print_json(host) if options.json else _print_yaml(host)


def _parse(texts: Sequence[str]) -> list[Path]:
    from hostinfo.path import Path

    return [Path(text) for text in texts]


def _print_page(host: hostinfo.HostInfo, options: Namespace, groups: Iterable[str]) -> int:
    import os

    from hostinfo.cli.terminal import make_style
    from hostinfo.output import text

    reports = [collect_group(host, group) for group in groups]
    is_root = os.geteuid() == 0
    if (error := why_unreachable(reports)) is not None:
        print_error(str(error))
        if (hint := text.hint(error, is_root=is_root, uri=host.uri)) is not None:
            print_error(hint)
        return EXIT_NO_DATA
    shown = {report.group for report in reports}
    compared = {
        group: frozenset(fields)
        for report in reports
        for group, fields in TABLE[report.group].compares_with.items()
        if group not in shown
    }
    page = text.render(
        reports,
        make_style(with_sources=options.sources),
        is_root=is_root,
        uri=host.uri,
        compared=[collect_group(host, group, fields) for group, fields in compared.items()],
    )
    write_output(page)
    return exit_code(reports)


def _print_yaml(host: hostinfo.HostInfo) -> int:
    from hostinfo.output.yaml import to_yaml

    reports = [collect_group(host, group) for group in GROUPS]
    write_output(to_yaml(build_document(host, reports)))
    return exit_code(reports)


def _print_json(host: hostinfo.HostInfo) -> int:
    """Convert each group to text as soon as it is read, so that only one at a time is in memory twice."""
    from hostinfo.output.json import to_json

    texts: list[str] = []
    reports: list[GroupReport] = []
    for group in GROUPS:
        report = collect_group(host, group)
        texts.append(f'  "{group}": {to_json(report.value, "  ")},\n')
        reports.append(report.without_value())
    write_output('{\n  "hostinfo": ' + to_json(build_header(host), "  ") + ",\n")
    for text in texts:
        write_output(text)
    sources = {report.group: report.sources for report in reports if report.is_available}
    errors = to_json(all_errors(host, reports), "  ")
    failed_drivers = to_json(all_failed_drivers(reports), "  ")
    write_output(
        f'  "sources": {to_json(sources, "  ")},\n  "errors": {errors},\n  "failed_drivers": {failed_drivers}\n}}\n'
    )
    return exit_code(reports)


def _print_facts(host: hostinfo.HostInfo, options: Namespace, paths: Sequence[Path]) -> int:
    """Read each group once, with the fields that the paths need."""
    from hostinfo.output.selection import needed_fields, select

    reports = {group: collect_group(host, group, fields) for group, fields in needed_fields(paths).items()}
    found = [select(path, reports[path.group]) for path in paths]
    _print_reasons(found)
    if options.json or options.yaml:
        _print_plain(found, options)
    else:
        _print_text(found, options)
    if not any(selection.is_available for selection in found):
        return EXIT_NO_DATA
    return EXIT_PARTIAL if any(selection.has_failed for selection in found) else EXIT_OK


def _print_reasons(found: Sequence[Selection]) -> None:
    """Print why values are missing, once for all paths with the same reason, and which drivers failed before others."""
    missing: dict[str, list[str]] = {}
    replaced: dict[str, list[str]] = {}
    for selection in found:
        for reason in selection.reasons:
            missing.setdefault(reason, []).append(selection.path.text)
        for reason in selection.failed_drivers:
            replaced.setdefault(reason, []).append(selection.path.text)
    for reason, paths in missing.items():
        print_error(f"{', '.join(paths)}: {reason}")
    for reason, paths in replaced.items():
        print_error(f"{', '.join(paths)}: reported by another source, because this one failed: {reason}")


def _print_text(found: Sequence[Selection], options: Namespace) -> None:
    from hostinfo.output.fact_text import labelled, lines_of

    for selection in found:
        has_source = options.sources and selection.value is not None
        source = selection.source() or "source unknown" if has_source else None
        if len(found) > 1 or options.by_path:
            write_output(labelled(selection.path.text, selection.value, source))
            continue
        for line in lines_of(selection.value):
            write_output(line + ("" if source is None else f"  ({source})") + "\n")


def _print_plain(found: Sequence[Selection], options: Namespace) -> None:
    from hostinfo.output.json import to_builtins, to_json

    value: object = {selection.path.text: selection.value for selection in found}
    if options.sources:
        value = {one.path.text: {"value": one.value, "source": one.source() or None} for one in found}
    elif len(found) == 1 and not options.by_path:
        value = found[0].value
    if options.json:
        write_output(to_json(value) + "\n")
    else:
        from hostinfo.output.yaml import to_yaml

        write_output(to_yaml(to_builtins(value)))


def exit_code(reports: Iterable[GroupReport]) -> int:
    """Return the exit code of a command that read these groups."""
    reports = list(reports)
    if not any(report.is_available for report in reports):
        return EXIT_NO_DATA
    return EXIT_PARTIAL if any(report.has_failed() for report in reports) else EXIT_OK
