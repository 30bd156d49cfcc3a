"""``hostinfo schema``: the JSON Schema of the dump."""

from hostinfo.cli import TOLD, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

IS_SHORT = True
DESCRIPTION = "Prints the JSON Schema (draft 2020-12) of what `hostinfo dump --json` prints."
EXAMPLES = (
    ("hostinfo schema > hostinfo.schema.json", "keep it beside a program that reads dumps"),
    ("hostinfo schema | jq '.\"$defs\".Link.properties | keys'", "fields of a link"),
)


def add_arguments(parser: "ArgumentParser") -> None:
    """Arguments of the command: none."""


def run(_: "Namespace") -> int:
    """Print it."""
    from hostinfo.dump import json_text
    from hostinfo.schema import schema

    write(json_text(schema()) + "\n")
    return TOLD
