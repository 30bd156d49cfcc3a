"""Who may read and call what: a TOML file of rules that only allow.

    [groups]
    operators = ["alice@EXAMPLE.COM", "bob"]

    [[allow]]
    who = ["@operators"]
    read = ["*"]
    call = ["ovirtNode.refresh", "ovirtNode.getFact"]

``who`` lists user names as the broker, or the agent's own listener, verified them; ``@GROUP``; ``authenticated`` (any
user name); ``anonymous`` (no user name); ``loopback`` (any connection over this host's loopback, also an anonymous
one). ``read`` lists classes, ``call`` lists methods as CLASS.METHOD; ``*`` matches any number of characters. A user
whose name is one of these words, or begins with ``@``, is not allowed anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from hostinfo import ParseError
from hostinfo.lowlevel.bounded_file import read_file
from hostinfo.lowlevel.bounded_text import parse_toml

from ..qmf import SchemaId

SIZE_LIMIT = 1 << 20
AUTHENTICATED, ANONYMOUS, LOOPBACK = "authenticated", "anonymous", "loopback"
WORDS = frozenset({AUTHENTICATED, ANONYMOUS, LOOPBACK})
_PATTERN = re.compile(r"[A-Za-z0-9_.*:-]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """What some users may do."""

    who: frozenset[str]
    read: tuple[str, ...]
    call: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules; what none of them allows is forbidden."""

    rules: tuple[Rule, ...]
    groups: Mapping[str, frozenset[str]]

    def may_read(self, user: str | None, schema_id: SchemaId | None, *, is_loopback: bool) -> bool:
        """Whether a user may read a class; ``schema_id`` None: schemas, and the agent's presence."""
        rules = self._rules(user, is_loopback=is_loopback)
        if schema_id is None:
            return any(rule.read for rule in rules)
        return any(_matches(schema_id.name, rule.read) for rule in rules)

    def may_call(self, user: str | None, method: str, *, is_loopback: bool) -> bool:
        """Whether a user may call CLASS.METHOD."""
        return any(_matches(method, rule.call) for rule in self._rules(user, is_loopback=is_loopback))

    def _rules(self, user: str | None, *, is_loopback: bool) -> list[Rule]:
        if user is not None and is_reserved(user):
            return []
        names = {ANONYMOUS} if user is None else {AUTHENTICATED, user}
        names |= {LOOPBACK} if is_loopback else set()
        names |= {f"@{group}" for group, members in self.groups.items() if user in members}
        return [rule for rule in self.rules if not names.isdisjoint(rule.who)]


def is_reserved(user: str) -> bool:
    """Whether a user name, without its realm, is a word of the policy or looks like a group."""
    return user.startswith("@") or user.strip().partition("@")[0].lower() in WORDS


DEFAULT = Policy((Rule(frozenset({AUTHENTICATED, LOOPBACK}), ("*",), ()),), {})
"""Without a file: authenticated users and loopback connections may read; no one may call methods."""


def load(path: str) -> Policy:
    """Read a policy file; raise ReadError, or ParseError that names the wrong entry."""
    document = load_toml(path)
    groups = document.pop("groups", {})
    rules = document.pop("allow", [])
    if document or not isinstance(groups, dict) or not isinstance(rules, list):
        raise ParseError(path, f"expected only [groups] and [[allow]], not {', '.join(document) or 'other types'}")
    members = {name: frozenset(_strings(path, f"groups.{name}", entry)) for name, entry in groups.items()}
    for name, users in members.items():
        if not name or name != name.strip():
            raise ParseError(path, f"groups: {name!r} is not a name of a group")
        for user in users:
            _check_user(path, f"groups.{name}", user)
    return Policy(tuple(_rule(path, number, rule, members) for number, rule in enumerate(rules, 1)), members)


def load_toml(path: str) -> dict[str, object]:
    """Read a TOML file; raise ReadError or ParseError."""
    data = read_file(path, SIZE_LIMIT)
    try:
        return parse_toml(data)
    except ValueError as error:
        raise ParseError(path, f"invalid TOML: {error}") from error


def _rule(path: str, number: int, rule: object, groups: Mapping[str, object]) -> Rule:
    where = f"allow {number}"
    if not isinstance(rule, dict) or not set(rule) <= {"who", "read", "call"} or "who" not in rule:
        raise ParseError(path, f"{where}: expected who, and read or call")
    who = _strings(path, f"{where}: who", rule["who"])
    for name in who:
        if name.startswith("@") and name[1:] not in groups:
            raise ParseError(path, f"{where}: no group {name[1:]} is defined")
        if not name.startswith("@") and name not in WORDS:
            _check_user(path, f"{where}: who", name)
    if not who:
        raise ParseError(path, f"{where}: who: expected at least one user")
    read, call = (_strings(path, f"{where}: {key}", rule.get(key, [])) for key in ("read", "call"))
    if not read and not call:
        raise ParseError(path, f"{where}: allows nothing: expected read or call")
    for key, patterns in (("read", read), ("call", call)):
        for pattern in patterns:
            if not _PATTERN.fullmatch(pattern):
                raise ParseError(path, f"{where}: {key}: {pattern!r} is not a name; only * matches other characters")
    for pattern in call:
        if "." not in pattern and "*" not in pattern:
            raise ParseError(path, f"{where}: call: {pattern!r} names no class: expected CLASS.METHOD")
    return Rule(frozenset(who), read, call)


def _check_user(path: str, where: str, name: str) -> None:
    if not name or "*" in name:
        raise ParseError(path, f"{where}: {name!r} is not a user name; 'authenticated' matches all users")
    if name != name.strip() or not name.isprintable():
        raise ParseError(path, f"{where}: {name!r} is not a user name: remove the blanks around it")
    if is_reserved(name):
        raise ParseError(
            path, f"{where}: {name!r} is not a user name: the words of who are lower case, without a realm"
        )


def _strings(path: str, where: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise ParseError(path, f"{where}: expected a list of strings")
    return tuple(value)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(_glob(pattern).fullmatch(name) for pattern in patterns)


@lru_cache(256)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"(?:\\\*)+", ".*", re.escape(pattern)))
