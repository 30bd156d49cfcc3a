"""``import dataclasses`` at a third of its price, for programs that run for an instant.

dataclasses imports inspect (for classes without docstring: ours have theirs), copy (for asdict) and re (for one
pattern, which tells annotations that are text apart). With all that these import they cost more
than the start of Python. Here it gets stand-ins, which fetch the real module when something else of it is touched.
Only dataclasses sees them.
"""

import sys
from types import ModuleType

from hostinfo.cli.classes import generate_less

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_IDENTIFIER = r"^(?:\s*(\w+)\s*\.)?\s*(\w+)"
"""dataclasses' one pattern (Python 3.11 to 3.13)."""


def import_dataclasses() -> None:
    """Import dataclasses lightly; where it is there already, or is not as we know it, do nothing."""
    if "dataclasses" in sys.modules or sys.version_info >= (3, 14):
        return
    stand_ins = [stand_in(name) for name, stand_in in _STAND_INS.items() if name not in sys.modules]
    for module in stand_ins:
        sys.modules[module.__name__] = module
    try:
        import dataclasses
    finally:
        for module in stand_ins:
            if sys.modules.get(module.__name__) is module:
                del sys.modules[module.__name__]
    generate_less(dataclasses)


class _Lazy(ModuleType):
    """Stands in for a module until something of it is touched."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        __import__(self.__name__)
        return getattr(sys.modules[self.__name__], name)


class _Inspect(_Lazy):
    """Python 3.12 and 3.13 ask for the annotations of each class."""

    def get_annotations(self, obj: object, **how: bool) -> "dict[str, Any]":
        if isinstance(obj, type) and not how:
            return dict(obj.__dict__.get("__annotations__", {}))  # noqa: RUF063 - this is that function
        found: dict[str, Any] = self.__getattr__("get_annotations")(obj, **how)  # type: ignore[operator]
        return found


class _Re(_Lazy):
    """Compiles the one pattern without re."""

    def compile(self, pattern: str, *flags: int) -> object:
        if pattern == _IDENTIFIER and not flags:
            return Identifier()
        return self.__getattr__("compile")(pattern, *flags)  # type: ignore[operator]


class Identifier:
    """Matches what ``_IDENTIFIER`` matches: a name, or a module's name, a dot and a name, at the start of a text."""

    def match(self, text: str) -> "_Match | None":
        """As ``re.Pattern.match``."""
        first, rest = _word(text)
        if not first:
            return None
        rest = rest.lstrip()
        second = _word(rest[1:])[0] if rest.startswith(".") else ""
        return _Match(first, second) if second else _Match(None, first)


class _Match:
    def __init__(self, module: str | None, name: str) -> None:
        self._groups = (module, name)

    def group(self, number: int) -> str | None:
        return self._groups[number - 1]


def _word(text: str) -> tuple[str, str]:
    """The word at the start, after blanks, and what follows."""
    text = text.lstrip()
    end = 0
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return text[:end], text[end:]


_STAND_INS: dict[str, type[ModuleType]] = {"inspect": _Inspect, "copy": _Lazy, "re": _Re}
