"""Who may do what: a TOML file of rules that only allow. Root may do everything.

    [[allow]]
    who = ["alice", "@netadmin"]
    call = ["*Network"]

``who`` lists users of this host, ``@GROUP`` and ``local`` (every user). ``read`` lists methods that change nothing,
``call`` methods that change something; ``*`` matches any characters. ``force = true`` allows changes without
confirmation on the management path. ``[window]`` limits the confirmation window.
"""

from __future__ import annotations

import grp
import os
import re
from functools import lru_cache
from typing import Any

from hostinfo.errors import ParseError, ReadError
from hostinfo.lowlevel.bounded_file import read_file
from hostinfo.lowlevel.bounded_text import parse_toml
from hostinfo.record import record
from hostinfo.suggestions import did_you_mean
from hostinfo.varlink.peer import Peer

from ..network.transaction import Limits

SIZE_LIMIT = 1 << 20
LOCAL = "local"
READING = ("GetNetwork", "PreviewNetwork", "PendingNetwork", "NetworkHistory", "GetNetworkTransaction")
CHANGING = ("BeginNetwork", "CommitNetwork", "RollbackNetwork")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?")
_RULE_KEYS = frozenset({"who", "read", "call", "force"})


@record
class Rule:
    """What some users may do."""

    who: frozenset[str]
    methods: frozenset[str]
    """Names of methods, without their interface."""
    force: bool = False


@record
class Policy:
    """All rules; what none of them allows is forbidden, except for root."""

    path: str
    rules: tuple[Rule, ...]
    limits: Limits

    def may_call(self, user: str, peer: Peer, method: str) -> bool:
        """Whether a user may call a method; ``user`` is the name of the peer's user ID."""
        return peer.uid == 0 or any(method in rule.methods for rule in self._rules(user, peer))

    def may_force(self, user: str, peer: Peer) -> bool:
        """Whether a user may change the management path without confirmation."""
        return peer.uid == 0 or any(rule.force for rule in self._rules(user, peer))

    def limits_of(self, peer: Peer) -> Limits:
        """Return the limits of the confirmation window for this peer; root has those of hostinfo."""
        return Limits() if peer.uid == 0 else self.limits

    def refusal(self, user: str, method: str) -> str:
        """Return why a call is refused, and what would allow it."""
        key = "read" if method in READING else "call"
        rule = f'[[allow]] who = ["{user}"] {key} = ["{method}"]'
        return f"{user} may not call {method}; root may allow it in {self.path}: {rule}"

    def _rules(self, user: str, peer: Peer) -> list[Rule]:
        return [rule for rule in self.rules if any(_is_member(name, user, peer) for name in rule.who)]


def default_policy(path: str) -> Policy:
    """Return the policy without a file: every local user may read, only root may change."""
    rule = Rule(who=frozenset({LOCAL}), methods=frozenset(READING))
    return Policy(path=path, rules=(rule,), limits=Limits())


def load(path: str) -> Policy:
    """Read a policy file; without one, return the default. ReadError, ParseError: which entry is wrong."""
    try:
        data = read_file(path, SIZE_LIMIT, check=lambda status: _check_owner(path, status))
    except ReadError as error:
        if not os.path.lexists(path):
            return default_policy(path)
        raise ReadError(path, f"{error.detail}; until it is corrected, only root is allowed", error.errno) from error
    try:
        document = parse_toml(data)
    except ValueError as error:
        raise ParseError(path, f"invalid TOML: {error}") from error
    rules, window = document.pop("allow", []), document.pop("window", {})
    if document or not isinstance(rules, list) or not isinstance(window, dict):
        raise ParseError(path, f"expected only [window] and [[allow]], not {', '.join(document) or 'other types'}")
    found = tuple(_rule(path, f"allow {number}", rule) for number, rule in enumerate(rules, 1))
    return Policy(path=path, rules=found, limits=_limits(path, window))


def _check_owner(path: str, status: os.stat_result) -> None:
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        raise ReadError(path, "others may write it; run chown root and chmod 644")


def _rule(path: str, where: str, rule: Any) -> Rule:
    if not isinstance(rule, dict) or not set(rule) <= _RULE_KEYS or "who" not in rule:
        raise ParseError(path, f"{where}: expected who, and read, call or force")
    who = _strings(path, f"{where}: who", rule["who"])
    for name in who:
        if name != LOCAL and not _USER.fullmatch(name.removeprefix("@")):
            raise ParseError(path, f"{where}: who: {name!r} is no user, @group or {LOCAL}")
    force = rule.get("force", False)
    if not isinstance(force, bool):
        raise ParseError(path, f"{where}: force: expected true or false")
    read = _methods(path, f"{where}: read", rule.get("read", []), READING)
    call = _methods(path, f"{where}: call", rule.get("call", []), CHANGING)
    if not who or not (read or call or force):
        raise ParseError(path, f"{where}: allows nothing: expected who, and read or call")
    return Rule(who=frozenset(who), methods=read | call, force=force)


def _methods(path: str, where: str, value: Any, known: tuple[str, ...]) -> frozenset[str]:
    found: set[str] = set()
    for pattern in _strings(path, where, value):
        matching = {name for name in known if _glob(pattern).fullmatch(name)}
        if not matching:
            raise ParseError(path, f"{where}: {pattern!r} matches no method{did_you_mean(pattern, known)}")
        found |= matching
    return frozenset(found)


def _limits(path: str, window: dict[str, Any]) -> Limits:
    limits = Limits()
    values = {"minimum_seconds": limits.minimum_seconds, "maximum_seconds": limits.maximum_seconds}
    for name, value in window.items():
        if name not in values:
            raise ParseError(path, f"window: {name}: no such setting{did_you_mean(name, values)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= limits.maximum_seconds:
            raise ParseError(path, f"window: {name}: expected 1 to {limits.maximum_seconds:g} seconds, not {value!r}")
        values[name] = float(value)
    if values["minimum_seconds"] > values["maximum_seconds"]:
        raise ParseError(path, "window: minimum_seconds is larger than maximum_seconds")
    return Limits(**values)


def _strings(path: str, where: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise ParseError(path, f"{where}: expected a list of strings")
    return value


@lru_cache(64)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"(?:\\\*)+", ".*", re.escape(pattern)))


def _is_member(name: str, user: str, peer: Peer) -> bool:
    """Whether an entry of ``who`` means this user; a group counts if the kernel reports it of the process."""
    if name == LOCAL:
        return True
    if not name.startswith("@"):
        return name in (user, str(peer.uid))
    try:
        return grp.getgrnam(name[1:]).gr_gid in peer.gids
    except KeyError:
        return name[1:].isdecimal() and int(name[1:]) in peer.gids
