"""``hostinfo schema``: the JSON Schema of the dump."""

from hostinfo.cli import EXIT_OK, write_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DISABLE_GC = True
DESCRIPTION = """\
Prints the JSON Schema (draft 2020-12) of what `hostinfo dump --json` prints; with --qmf
the classes, events and methods of `hostinfo agent` in the XML of QMF.
"""
EXAMPLES = (
    ("hostinfo schema > hostinfo.output.schema.json", "keep it beside a program that reads dumps"),
    ("hostinfo schema | jq '.\"$defs\".Link.properties | keys'", "fields of a link"),
    ("hostinfo schema --qmf", "what the agent publishes"),
)


def add_arguments(parser: "ArgumentParser") -> None:
    """Arguments of the command."""
    parser.add_argument("--qmf", action="store_true", help="what the agent publishes, as <schema package=…>")


def run(options: "Namespace") -> int:
    """Print it."""
    if options.qmf:
        from importlib import import_module

        write_output(import_module("hostinfo.agent.node").schema_text())
        return EXIT_OK
    from hostinfo.output.json import to_json
    from hostinfo.output.schema import schema

    write_output(to_json(schema()) + "\n")
    return EXIT_OK
