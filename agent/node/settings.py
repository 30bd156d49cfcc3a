"""The agent's configuration: agent.toml, and before it the command line. Both name files of secrets, and hold none."""

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar, get_args, get_origin

from hostinfo import ParseError

from ..qmf.wire.addresses import DEFAULT_DOMAIN
from ..transport.options import ADDRESS_SCHEMES, TransportOptions
from .classes import LEAST_INTERVAL, MOST_INTERVAL
from .policy import DEFAULT, Policy, load, load_toml

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an agent runs."""

    interval: int = 10
    """Seconds between two readings of statistics."""
    refresh: int = 300
    """Seconds between two whole readings of all else; what the kernel announces is read at once."""
    heartbeat: int = 10
    """Seconds between two heartbeats."""
    vendor: str = "ovirt.org"
    """First part of the agent's name."""
    product: str = "hostinfo"
    """Second part of the agent's name."""
    instance: str | None = None
    """Third part of the agent's name; None: the hardware's UUID, else the machine-id."""
    domain: str = DEFAULT_DOMAIN
    """QMF domain."""
    strict_security: bool = False
    """Answer only to direct-console.… on the topic exchange, as Qpid's agents do with their option of this name."""
    state: str | None = None
    """Folder that keeps the agent's name and the count of its starts; None: systemd's STATE_DIRECTORY, if any."""
    policy_file: str | None = None
    """Who may do what; None: authenticated users and loopback may read, nobody may act."""
    uri: str | None = None
    """The host that is told; None: this machine."""
    policy: Policy = DEFAULT
    broker: TransportOptions | None = None
    listen: TransportOptions | None = None

    def transports(self) -> tuple[TransportOptions, ...]:
        """One for each way to be reached; with none configured DNS is asked for brokers."""
        return tuple(one for one in (self.broker, self.listen) if one is not None) or (
            TransportOptions(domain=self.domain),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """What was said on the command line, and goes before the file."""

    config: str | None = None
    brokers: Sequence[str] = ()
    listen: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


_RANGES = {"interval": (LEAST_INTERVAL, MOST_INTERVAL), "refresh": (10, 86400), "heartbeat": (1, 20)}
_PLAIN = ("interval", "refresh", "heartbeat", "vendor", "product", "instance", "domain", "strict_security", "state")


def settings(line: CommandLine) -> Settings:
    """Read the configuration; ReadError, or ParseError that names file and key."""
    where = line.config or "command line"
    document = load_toml(line.config) if line.config is not None else {}
    tables = {name: document.pop(name, None) for name in ("broker", "listen")}
    if "policy" in document:
        document["policy_file"] = document.pop("policy")
    found = replace(_fill(where, "", Settings(), document, (*_PLAIN, "policy_file")), **dict(line.values))
    for name, (least, most) in _RANGES.items():
        if not least <= getattr(found, name) <= most:
            raise ParseError(where, f"{name}: {least} to {most} seconds, not {getattr(found, name)}")
    broker = _transport(where, "broker", tables["broker"], found.domain)
    listen = _transport(where, "listen", tables["listen"], found.domain)
    if line.brokers:
        broker = replace(broker or TransportOptions(domain=found.domain), urls=tuple(line.brokers))
    if line.listen is not None:
        listen = replace(listen or TransportOptions(domain=found.domain), listen=line.listen)
    if listen is not None and listen.listen is None:
        raise ParseError(where, "listen: the url is missing")
    policy = load(found.policy_file) if found.policy_file is not None else DEFAULT
    return replace(found, broker=broker, listen=listen, policy=policy)


def _transport(where: str, name: str, table: object, domain: str) -> TransportOptions | None:
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ParseError(where, f"{name}: expected a table, [{name}]")
    given = dict(table)
    if name == "listen" and "url" in given:
        given["listen"] = given.pop("url")
    known = [one.name for one in fields(TransportOptions) if one.name not in ("domain", "name")]
    known.remove("urls" if name == "listen" else "listen")
    options = _fill(where, f"{name}.", TransportOptions(domain=domain), given, known)
    if options.address_scheme not in ADDRESS_SCHEMES:
        raise ParseError(
            where, f"{name}.address_scheme: one of {', '.join(ADDRESS_SCHEMES)}, not {options.address_scheme!r}"
        )
    return options


def _fill(where: str, prefix: str, target: _T, given: Mapping[str, object], known: Sequence[str]) -> _T:
    types_of = {one.name: one.type for one in fields(target)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=1)
            raise ParseError(where, f"{prefix}{name}: no such setting" + (f"; did you mean {near[0]}?" if near else ""))
        values[name] = _fit(where, prefix + name, value, types_of[name])
    return replace(target, **values)  # type: ignore[type-var]


def _fit(where: str, name: str, value: object, kind: object) -> object:
    choices = get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    if get_origin(choices[0]) is tuple:
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return tuple(value)
        raise ParseError(where, f"{name}: expected a list of texts")
    if float in choices and type(value) is int:
        return float(value)
    if type(value) in choices:
        return value
    words = {str: "a text", int: "a whole number", bool: "true or false", float: "a number"}
    raise ParseError(where, f"{name}: expected {words.get(choices[0], 'another type')}, not {value!r}")
