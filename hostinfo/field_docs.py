"""The model's documentation, read from its source: the string after each field.

The schema, the page of facts, and the reasons that ``hostinfo dump`` prints for absent values come from it.
"""

from __future__ import annotations

import ast
from importlib.util import find_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.path import Path


def field_docs(module: str) -> dict[str, dict[str, str]]:
    """Return class -> field -> documentation on one line; the empty name has the first paragraph of the class."""
    spec = find_spec(module)
    source = spec.loader.get_source(module) if spec and spec.loader else None  # type: ignore[attr-defined]
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(source or "").body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = docs = {"": _line((ast.get_docstring(node) or "").partition("\n\n")[0])}
            for field, after in zip(node.body, node.body[1:], strict=False):
                if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                    if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                        docs[field.target.id] = _line(str(after.value.value))
                    elif isinstance(field, ast.Assign) and isinstance(field.targets[0], ast.Name):
                        docs[field.targets[0].id] = _line(str(after.value.value))
    return found


def docs_of(model: type) -> dict[str, str]:
    """Return field -> documentation of one record or enumeration of the model."""
    return field_docs(model.__module__).get(model.__name__, {})


def meaning_of_none(path: Path) -> str | None:
    """Return what None means at this path, from the documentation; None: not documented."""
    from hostinfo import introspect

    model: type | None = introspect.group_class(path.group)
    text = None
    for step in path.steps:
        if isinstance(step, str) and model is not None and step in (known := introspect.fields(model)):
            text = docs_of(model).get(step, "")
            model = introspect.model(known[step])
    if not text or "None: " not in text:
        return None
    return text.partition("None: ")[2].partition(";")[0].partition(". ")[0].rstrip(".")


def _line(text: str) -> str:
    return " ".join(text.split())
