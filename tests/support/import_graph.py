"""The imports between the modules of the source tree, read from the text: also those in functions, and by name."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FOLDERS = {
    "hostinfo": "hostinfo",
    "drivers": "hostinfo.drivers",
    "agent": "hostinfo.agent",
    "actions": "hostinfo.actions",
}
_BY_NAME = {"import_module": "", "_later": "hostinfo.drivers."}
"""Functions that import the module of their first argument, and what precedes its name."""


@dataclass(kw_only=True)
class Graph:
    """Module -> the modules that it imports."""

    at_run_time: dict[str, set[str]] = field(default_factory=dict)
    """With imports by name, without those for type checkers."""
    written: dict[str, set[str]] = field(default_factory=dict)
    """Import statements, with those for type checkers."""
    computed: dict[str, list[str]] = field(default_factory=dict)
    """Module -> imports of a module whose name is computed, as source text."""


def read_graph() -> Graph:
    """Read the whole source tree."""
    modules = dict(_modules())
    graph = Graph()
    for name, path in modules.items():
        reader = _Reader(name, modules, is_package=path.name == "__init__.py")
        reader.visit(ast.parse(path.read_text(encoding="utf-8")))
        graph.written[name] = reader.static | reader.typing
        graph.at_run_time[name] = reader.static | reader.by_name
        graph.computed[name] = reader.computed
    return graph


def cycles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other in a circle (Tarjan's strongly connected components)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        stack.append(module)
        for other in sorted(imports[module]):
            if other not in number:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], number[other])
        if lowest[module] == number[module]:
            start = stack.index(module)
            if len(stack) - start > 1:
                found.append(sorted(stack[start:]))
            del stack[start:]

    for module in imports:
        if module not in number:
            visit(module)
    return sorted(found)


def _modules() -> Iterator[tuple[str, Path]]:
    for folder, package in _FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            if folder == "hostinfo" and parts[0] in _FOLDERS:  # a symbolic link to another folder
                continue
            yield ".".join((package, *parts)).removesuffix(".__init__"), path


class _Reader(ast.NodeVisitor):
    """Collects the imports of one module."""

    def __init__(self, name: str, modules: dict[str, Path], *, is_package: bool) -> None:
        self.static: set[str] = set()
        self.typing: set[str] = set()
        self.by_name: set[str] = set()
        self.computed: list[str] = []
        self._name, self._modules = name, modules
        self._package = name.split(".") if is_package else name.split(".")[:-1]
        self._found = self.static

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            before, self._found = self._found, self.typing
            for statement in node.body:
                self.visit(statement)
            self._found = before
            for statement in node.orelse:
                self.visit(statement)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(self._found, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self._package[: len(self._package) - node.level + 1] if node.level else []
        origin = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            module = f"{origin}.{alias.name}"
            self._add(self._found, module if module in self._modules else origin)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if function in _BY_NAME and node.args:
            match node.args[0]:
                case ast.Constant(value=str() as name):
                    self._add(self.by_name, f"{_BY_NAME[function]}{name}")
                case computed:
                    self.computed.append(ast.unparse(computed))
        self.generic_visit(node)

    def _add(self, found: set[str], module: str) -> None:
        if module in self._modules and module != self._name:
            found.add(module)
