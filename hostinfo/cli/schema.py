"""``hostinfo schema``: the JSON Schema of the dump, or the schema of the QMF agent."""

from __future__ import annotations

from hostinfo.cli.streams import EXIT_OK, write_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DESCRIPTION = """\
Prints the JSON Schema (draft 2020-12) of `hostinfo dump --json`; with --qmf the
classes, events and methods of `hostinfo agent` as a QMF schema in XML; with --network
the JSON Schema of the states that `hostinfo network apply` takes.
"""
EXAMPLES = (
    ("hostinfo schema > hostinfo.schema.json", "save it with a program that reads dumps"),
    ("hostinfo schema | jq '.\"$defs\".Link.properties | keys'", "the fields of a link"),
    ("hostinfo schema --qmf", "what the agent publishes"),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("--network", action="store_true", help="print the schema of network states")
    parser.add_argument("--qmf", action="store_true", help="print the QMF schema of the agent (XML)")


def run(options: Namespace) -> int:
    """Print the schema."""
    if options.qmf:
        from importlib import import_module

        write_output(import_module("hostinfo.agent.node").schema_text())
        return EXIT_OK
    from hostinfo.output.json import to_json

    if options.network:
        from importlib import import_module

        states = import_module("hostinfo.actions.network.state_schema")
        write_output(to_json(states.state_schema()) + "\n")
        return EXIT_OK
    from hostinfo.output.schema import schema

    write_output(to_json(schema()) + "\n")
    return EXIT_OK
