"""Makes docs/facts.md: each fact with its type, its meaning, and where each driver reads it.

    python docs/generate_facts.py          writes docs/facts.md
    python docs/generate_facts.py --check  says whether it is current

Types and meanings come from the dataclasses of hostinfo/model. Sources come from the calls
``builder.record_source("source", "field", …)`` in drivers/, by reading the text of the programs, and from what the recorded
machines of tests/fixtures tell: nothing of the machine that makes the page gets into it. A call that does not say which
group it is of is passed over.
"""  # noqa: INP001 - a script beside the pages

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import hostinfo  # noqa: E402 - the tree that this file stands in, not an installed one
from hostinfo import introspect  # noqa: E402
from hostinfo.errors import HostInfoError  # noqa: E402
from hostinfo.field_docs import docs_of  # noqa: E402
from hostinfo.groups import GROUPS  # noqa: E402

PAGE = ROOT / "docs" / "facts.md"
HEAD = """\
# The facts

<!-- Made by docs/generate_facts.py from the model and the drivers; change those, then run it again. -->

Every fact that hostinfo tells, by group. The names are those of `hostinfo dump --json`, of the library
(`host.cpu().value.model_name`) and of paths (`hostinfo dump cpu.model_name`). A name ends in its unit; sizes are in
bytes, frequencies in hertz, times in seconds. A field is absent (`null`, an empty list) where its text says so, or
where it could not be told; the reason stands in `errors` then.

*Read from* lists what each driver reads, as it stands in `sources` of the dump; `…` stands for what differs from
machine to machine. A field without an entry is read where its list or its group is.
"""


def page() -> str:
    """The whole page."""
    sources = read_sources()
    parts = [HEAD]
    for group in GROUPS:
        parts.append(f"\n## {group}\n")
        parts += section(introspect.group_class(group), group, sources.get(group, {}), set())
    return "\n".join(parts).rstrip() + "\n"


def section(cls: type, place: str, sources: dict[str, list[str]], seen: set[type], prefix: str = "") -> Iterator[str]:
    """One dataclass as a table, then those that it holds."""
    docs = docs_of(cls)
    yield docs[""] + "\n"
    yield "| field | type | meaning | read from |\n|---|---|---|---|"
    inner: list[tuple[str, type]] = []
    for name, kind in introspect.fields(cls).items():
        found = "; ".join(sources.get(prefix + name, []))
        yield f"| `{name}` | {_cell(type_name(kind))} | {_cell(docs[name])} | {_cell(found)} |"
        model = introspect.model(kind)
        if model is not None and model not in seen and model is not cls:
            seen.add(model)
            inner.append((name, model))
    yield ""
    for name, model in inner:
        is_list = any(
            introspect.item(kind) is not None for field, kind in introspect.fields(cls).items() if field == name
        )
        yield f"### {place}.{name}{'[]' if is_list else ''}\n"
        yield from section(model, f"{place}.{name}", sources, seen, f"{prefix}{name}.")


def type_name(kind: object) -> str:
    """A type in a reader's words."""
    if introspect.item(kind) is not None:
        return f"list of {type_name(introspect.item(kind))}"
    if introspect.values(kind) is not None:
        return f"map to {type_name(introspect.values(kind))}"
    names = [" | ".join(str(member) for member in one) if hasattr(one, "__members__") else one.__name__
             for one in introspect.alternatives(kind)]  # fmt: skip
    return " or ".join(
        {"str": "text", "int": "whole number", "float": "number", "bool": "yes/no"}.get(n, n) for n in names
    )


def read_sources() -> dict[str, dict[str, list[str]]]:
    """Group -> field -> "driver: source", from the drivers' programs."""
    found: dict[str, dict[str, list[str]]] = {}
    for file in sorted((ROOT / "drivers").rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        groups = _groups(file, tree)
        constants = _constants(tree)
        for call in ast.walk(tree):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == "record_source"
                and call.args
            ):
                source = _text(call.args[0], constants)
                for name in _names(call.args[1:], constants) if source else ():
                    owners = [
                        group
                        for group in groups
                        if name.partition(".")[0] in introspect.fields(introspect.group_class(group))
                    ]
                    if len(owners) == 1:
                        entry = f"{file.relative_to(ROOT / 'drivers').parts[0]}: {source}"
                        entries = found.setdefault(owners[0], {}).setdefault(name, [])
                        if entry not in entries:
                            entries.append(entry)
    for folder in sorted((ROOT / "tests" / "fixtures").glob("*/machine.toml")):
        _read_recording(folder.parent, found)
    return found


def _read_recording(folder: Path, found: dict[str, dict[str, list[str]]]) -> None:
    with hostinfo.open(f"recorded:{folder}") as host:
        for driver in host.drivers():
            for group in GROUPS:
                read = driver.readers.get(group)
                try:
                    fact = read(None) if read is not None else None
                except HostInfoError:
                    continue
                for name, source in fact.sources.items() if fact is not None else ():
                    entry = f"{driver.name}: {re.sub('[0-9]+', '…', source)}"
                    entries = found.setdefault(group, {}).setdefault(name, [])
                    if entry not in entries and len(entries) < 6:
                        entries.append(entry)


def _groups(file: Path, tree: ast.Module) -> list[str]:
    """The groups that a module reads: those whose models it imports and the one that it is named after, else all."""
    imported = [
        node.module.removeprefix("hostinfo.model.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("hostinfo.model.")
    ]
    return [group for group in GROUPS if group in (*imported, file.stem)] or list(GROUPS)


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _text(node: ast.expr, constants: dict[str, ast.expr]) -> str | None:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values]
        return "".join(parts) if any(part.strip("…/ ") for part in parts) else None
    if isinstance(node, ast.Name) and node.id in constants:
        return _text(constants[node.id], {})
    return None


def _names(nodes: list[ast.expr], constants: dict[str, ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Starred):
            inner = node.value
            if isinstance(inner, ast.Name) and inner.id in constants:
                inner = constants[inner.id]
            if isinstance(inner, ast.Dict):
                yield from _names([key for key in inner.keys if key is not None], constants)
            elif isinstance(inner, ast.Tuple | ast.List | ast.Set):
                yield from _names(inner.elts, constants)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def main(arguments: list[str]) -> int:
    """Write the page, or say whether it is current."""
    text = page()
    if arguments == ["--check"]:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
