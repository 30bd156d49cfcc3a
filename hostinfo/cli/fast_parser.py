"""Parse simple command lines without argparse.

A command declares its arguments once, in argparse's terms (``add_argument``). ``FastParser`` records the declarations
and parses simple command lines. It leaves everything else to argparse: ``--name=value``, ``--help``, mistakes.

Measured: importing and setting up argparse takes ``hostinfo dump cpu.model_name`` from 15 to 21 ms of CPU time, and on
Python 3.14 from 16 to 32 ms. (Medians of 25 runs in turn, Python 3.11, virtual machine with 2 CPUs of an AMD EPYC.)
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


class Options:
    """The options of a command line, as argparse's Namespace."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


class FastParser:
    """A parser for the declarations that an ArgumentParser takes."""

    def __init__(self) -> None:
        self.is_simple = True
        """Whether all declarations are of the kinds that this parser knows."""
        self._defaults: dict[str, Any] = {}
        self._options: dict[str, tuple[str, bool]] = {}  # name -> destination, whether it takes a value
        self._positionals: list[tuple[str, str | None]] = []  # destination, nargs
        self._choices: dict[str, Any] = {}
        self._exclusive: list[set[str]] = []  # destinations that exclude each other

    def add_argument(self, *names: str, **details: Any) -> None:
        """Record a declaration."""
        self.declare(names, details, None)

    def add_mutually_exclusive_group(self, **_: Any) -> _Group:
        """Return a group; the arguments that are added to it exclude each other."""
        members: set[str] = set()
        self._exclusive.append(members)
        return _Group(self, members)

    def declare(self, names: Sequence[str], details: Mapping[str, Any], group: set[str] | None) -> None:
        """Record a declaration, as a member of a group of exclusive options if there is one."""
        destination = (next((name for name in names if name.startswith("--")), names[0])).lstrip("-").replace("-", "_")
        action, nargs = details.get("action", "store"), details.get("nargs")
        is_option = names[0].startswith("-")
        is_known = action in ("store", "store_true") and nargs in ((None,) if is_option else (None, "?", "*"))
        self.is_simple = self.is_simple and is_known and "type" not in details
        self.is_simple = self.is_simple and not (is_option and "choices" in details)
        absent: Any = False if action == "store_true" else [] if nargs == "*" else None
        self._defaults[destination] = details.get("default", absent)
        if is_option:
            for name in names:
                self._options[name] = (destination, action == "store")
            if group is not None:
                group.add(destination)
        else:
            self.is_simple = self.is_simple and group is None
            self._positionals.append((destination, nargs))
            self._choices[destination] = details.get("choices")

    def parse(self, arguments: Sequence[str]) -> Options | None:
        """Return the options; None: argparse must parse them."""
        values, given, words = dict(self._defaults), set(), []
        rest = iter(arguments)
        for argument in rest:
            if argument.startswith("-"):
                destination, takes_value = self._options.get(argument, ("", False))
                value: Any = next(rest, "-") if takes_value else True
                if not destination or (takes_value and value.startswith("-")) or destination in given:
                    return None
                values[destination] = value
                given.add(destination)
            else:
                words.append(argument)
        if not self.is_simple or any(len(members & given) > 1 for members in self._exclusive):
            return None
        return Options(values) if self._assign(words, values, arguments) else None

    def _assign(self, words: list[str], values: dict[str, Any], arguments: Sequence[str]) -> bool:
        """Assign the words to the positional arguments; False: argparse must do it."""
        if any(nargs is not None for _, nargs in self._positionals) and len(self._positionals) > 1:
            return False
        for destination, nargs in self._positionals:
            if nargs == "*":
                # argparse accepts them only if no option is between them
                first = arguments.index(words[0]) if words else 0
                if list(arguments[first : first + len(words)]) != words:
                    return False
                values[destination], words = words, []
            elif words:
                values[destination] = words.pop(0)
                if self._choices[destination] is not None and values[destination] not in self._choices[destination]:
                    return False
            elif nargs is None:
                return False
        return not words


class _Group:
    """A group of exclusive options."""

    def __init__(self, parser: FastParser, members: set[str]) -> None:
        self._parser = parser
        self._members = members

    def add_argument(self, *names: str, **details: Any) -> None:
        """Record a declaration."""
        self._parser.declare(names, details, self._members)
