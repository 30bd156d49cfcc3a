"""Reads plain command lines without argparse, which takes half as long to import and set up as Python to start.

A command defines its arguments once, with argparse's words (``add_argument``): on this class they are kept and plain
command lines read by them; what is not plain (``--x=y``, an error, a call for help) is left to argparse.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


class Options:
    """The options of a command line, as argparse's Namespace."""

    def __init__(self, values: "dict[str, Any]") -> None:
        self.__dict__.update(values)


class QuickParser:
    """Takes the definitions that an ArgumentParser takes."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._options: dict[str, tuple[str, bool]] = {}  # name -> destination, whether it takes a value
        self._positionals: list[tuple[str, str | None]] = []  # destination, nargs
        self._choices: dict[str, Any] = {}
        self._groups: list[set[str]] = []
        self.is_plain = True

    def add_argument(self, *names: str, **how: "Any") -> None:
        """Keep a definition; one that is not of the plain kinds leaves all to argparse."""
        self.define(names, how, None)

    def define(self, names: "Sequence[str]", how: "Mapping[str, Any]", group: set[str] | None) -> None:
        """The same within a group of options that exclude each other."""
        destination = (next((name for name in names if name.startswith("--")), names[0])).lstrip("-").replace("-", "_")
        action, nargs = how.get("action", "store"), how.get("nargs")
        is_option = names[0].startswith("-")
        is_known = action in ("store", "store_true") and nargs in ((None,) if is_option else (None, "?", "*"))
        self.is_plain = self.is_plain and is_known and "type" not in how and not (is_option and "choices" in how)
        self.values[destination] = how.get("default", False if action == "store_true" else [] if nargs == "*" else None)
        if is_option:
            for name in names:
                self._options[name] = (destination, action == "store")
            if group is not None:
                group.add(destination)
        else:
            self.is_plain = self.is_plain and group is None
            self._positionals.append((destination, nargs))
            self._choices[destination] = how.get("choices")

    def add_mutually_exclusive_group(self, **_: "Any") -> "_Group":
        """Definitions that follow on the result exclude each other."""
        group = _Group(self)
        self._groups.append(group.members)
        return group

    def parse(self, arguments: "Sequence[str]") -> Options | None:
        """The options; None: ask argparse."""
        values, given, words = dict(self.values), set(), []
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
        if not self.is_plain or any(len(group & given) > 1 for group in self._groups):
            return None
        return Options(values) if self._take(words, values, arguments) else None

    def _take(self, words: list[str], values: "dict[str, Any]", arguments: "Sequence[str]") -> bool:
        """Give the words to the positionals; False: they do not fit plainly."""
        if any(nargs is not None for _, nargs in self._positionals) and len(self._positionals) > 1:
            return False
        for destination, nargs in self._positionals:
            if nargs == "*":
                # argparse takes words that stand together only
                at = arguments.index(words[0]) if words else 0
                if list(arguments[at : at + len(words)]) != words:
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
    """Passes definitions on, and remembers who excludes whom."""

    def __init__(self, parser: QuickParser) -> None:
        self.members: set[str] = set()
        self._parser = parser

    def add_argument(self, *names: str, **how: "Any") -> None:
        """Pass a definition on."""
        self._parser.define(names, how, self.members)
