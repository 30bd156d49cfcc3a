"""Makes docs/qmf-schema.md: the classes, methods and events that the agent publishes.

``python docs/generate_qmf_schema.py`` writes the page, with ``--check`` it says whether the page is current.
"""  # noqa: INP001 - a script beside the pages

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hostinfo.agent.node import CLASSES, EVENTS, PACKAGE  # noqa: E402 - the tree that this file stands in
from hostinfo.agent.qmf import SchemaClass, SchemaProperty  # noqa: E402
from hostinfo.agent.qmf.schema.xml_format import xml_type  # noqa: E402
from hostinfo.agent.qmf.wire.addresses import SEVERITIES  # noqa: E402

PAGE = ROOT / "docs" / "qmf-schema.md"
HEAD = f"""\
# What the agent publishes

<!-- Made by docs/generate_qmf_schema.py from the agent's schema; change the model or agent/node, then run it again. -->

The package `{PACKAGE}`, as QMF v2 consoles see it. `hostinfo schema --qmf` prints the same in the XML of QMF. A
property is called as the fact that it shows (see [the facts](facts.md)), in lowerCamelCase and without its unit. What
is absent on a machine has no entry in an object's values; what could not be told has its reason in `errors`.

Objects are named `class:key`: `ovirtNode:node`, `processor:0`, `numaNode:0`, `networkInterface:eth0`,
`networkAddress:eth0/192.0.2.1/24`, `hostStatistics:host`, `interfaceStatistics:host/eth0`. The names survive restarts.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for one in CLASSES for line in _class(one)), *_events()]) + "\n"


def _class(one: SchemaClass) -> Iterator[str]:
    yield from ("", f"## {one.name}", "", one.description, "")
    yield from ("| property | type | unit | meaning |", "|---|---|---|---|")
    for item in one.properties:
        index = " (key)" if item.is_index else ""
        yield f"| `{item.name}`{index} | {xml_type(item)} | {item.unit} | {_cell(item.description)} |"
    if one.methods:
        yield from ("", "| method | takes | gives | meaning |", "|---|---|---|---|")
    for method in one.methods:
        takes, gives = (", ".join(map(_argument, some.values())) for some in (method.inputs(), method.outputs()))
        yield f"| `{method.name}` | {takes} | {gives} | {_cell(method.description)} |"


def _events() -> Iterator[str]:
    yield from ("", "## Events", "", "| event | severity | arguments | meaning |", "|---|---|---|---|")
    for one in EVENTS.values():
        arguments = ", ".join(f"`{item.name}`" for item in one.properties)
        yield f"| `{one.name}` | {SEVERITIES[one.default_severity]} | {arguments} | {_cell(one.description)} |"


def _argument(item: SchemaProperty) -> str:
    unit = f" in {item.unit}" if item.unit else ""
    return f"`{item.name}` ({xml_type(item)}{unit})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(0 if PAGE.read_text() == page() else f"{PAGE.name} is out of date: run {Path(__file__).name}")
    PAGE.write_text(page())
