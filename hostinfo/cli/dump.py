"""``hostinfo dump``: the page, single facts, JSON, YAML."""

import hostinfo
from hostinfo.cli import EXIT_NO_DATA, EXIT_OK, EXIT_PARTIAL, EXIT_USAGE, print_error, write_output
from hostinfo.errors import HostInfoError
from hostinfo.groups import GROUPS
from hostinfo.output import document as dump
from hostinfo.output.json import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from hostinfo.path import Path

DISABLE_GC = True
DESCRIPTION = """\
Tells what this machine is: without PATH all of it, on a page.

A PATH is a group (system, hypervisor, domain, cpu, memory, numa, network, guests,
statistics) and fields: cpu.model_name. Brackets select from a list by what names its
items (a link's name, a processor's number), else by position: network.links[eth0].mac.
Without brackets a field is taken of each item: network.links.name.
Only what the paths need is read. One plain value is printed bare, a list of them one
a line. Where there is no value, the reason is said on standard error.

With --json and one PATH its JSON value is printed; with several, an object of them.
"""
EXAMPLES = (
    ("hostinfo dump", "this machine, on a page"),
    ("hostinfo dump cpu memory", "two groups of it"),
    ("hostinfo dump cpu.model_name", "one fact, bare"),
    ("hostinfo dump cpu.processors[0].core_id", "a fact of CPU 0"),
    ("hostinfo dump network.links.name", "names of all links, one a line"),
    ("hostinfo dump memory.total_bytes --sources", "with the place where it was read"),
    ("hostinfo dump --json | jq .errors", "what could not be told, and why"),
    ("hostinfo -c recorded:DIR dump", "a recorded machine"),
)


def add_arguments(parser: "ArgumentParser") -> None:
    """Arguments of the command."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="a group or a fact; without any, everything")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object, as `hostinfo schema` describes it")
    form.add_argument("--yaml", action="store_true", help="the same as YAML")
    parser.add_argument("--sources", action="store_true", help="say where each fact was read (whole JSON always does)")


def run(options: "Namespace") -> int:
    """Ask, print, and say by the exit status how much of it was told."""
    paths: list[Path] = []
    if options.paths:
        from hostinfo import path as grammar

        try:
            paths = [grammar.Path(text) for text in options.paths]
        except grammar.PathError as error:
            print_error(f"dump: {error}")
            return EXIT_USAGE
    try:
        host = hostinfo.open(options.connect)
    except HostInfoError as error:
        print_error(str(error))
        return EXIT_NO_DATA
    with host, host.snapshot():
        if not paths:
            return _everything(host, options)
        if not (options.json or options.yaml) and all(path.field is None for path in paths):
            return _page(host, options, tuple(path.group for path in paths))
        from hostinfo.cli import facts

        return facts.run(host, paths, options)


def _everything(host: "hostinfo.HostInfo", options: "Namespace") -> int:
    if options.json:
        return _json(host)
    if options.yaml:
        from hostinfo.output.yaml import to_yaml

        answers = [dump.collect_group(host, group) for group in GROUPS]
        write_output(to_yaml(dump.build_document(host, answers)))
        return status(answers)
    return _page(host, options, GROUPS)


def _page(host: "hostinfo.HostInfo", options: "Namespace", groups: "Sequence[str]") -> int:
    import os

    from hostinfo.cli.terminal import make_style
    from hostinfo.output import text

    answers = [dump.collect_group(host, group) for group in groups]
    write_output(text.render(answers, make_style(with_sources=options.sources), is_root=os.geteuid() == 0))
    return status(answers)


def _json(host: "hostinfo.HostInfo") -> int:
    """Each group becomes text as it comes, and is forgotten: at most one stands in memory twice."""
    texts: list[str] = []
    answers: list[dump.GroupReport] = []
    for group in GROUPS:
        answer = dump.collect_group(host, group)
        texts.append(f'  "{group}": {to_json(answer.value, "  ")},\n')
        answers.append(answer.without_value())
    write_output('{\n  "hostinfo": ' + to_json(dump.build_header(host), "  ") + ",\n")
    for text in texts:
        write_output(text)
    sources = {answer.group: answer.sources for answer in answers if answer.is_available}
    errors = {path: error for answer in answers for path, error in dump.errors_by_path(answer).items()}
    write_output(f'  "sources": {to_json(sources, "  ")},\n  "errors": {to_json(errors, "  ")}\n}}\n')
    return status(answers)


def status(answers: "Sequence[dump.GroupReport]") -> int:
    """The exit status for these answers."""
    if not any(answer.is_available for answer in answers):
        return EXIT_NO_DATA
    return EXIT_PARTIAL if any(answer.has_failed() for answer in answers) else EXIT_OK
