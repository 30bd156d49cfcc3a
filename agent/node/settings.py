"""The agent's configuration: agent.toml, overridden by the command line. Both name files of secrets, and hold none."""

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from hostinfo import ParseError
from hostinfo.suggestions import did_you_mean, printable

from ..qmf.wire.addresses import DEFAULT_DOMAIN
from ..transport.options import ADDRESS_SCHEMES, TransportOptions
from .method_schemas import MAX_INTERVAL_SECONDS, MIN_INTERVAL_SECONDS
from .policy import DEFAULT, Policy, load, load_toml

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an agent runs."""

    statistics_seconds: int = 10
    """Interval of reading and publishing statistics."""
    inventory_seconds: int = 300
    """Interval of reading all other groups; changes that the kernel notifies are read at once."""
    heartbeat_seconds: int = 10
    """Interval of heartbeats."""
    vendor: str = "ovirt.org"
    """First part of the agent's name."""
    product: str = "hostinfo"
    """Second part of the agent's name."""
    instance: str | None = None
    """Third part of the agent's name; None: the hardware's UUID, else the machine-id."""
    domain: str = DEFAULT_DOMAIN
    """QMF domain."""
    strict_security: bool = False
    """Answer only to direct-console.… on the topic exchange, like Qpid's agents with their option of this name."""
    state: str | None = None
    """Folder that keeps the agent's name and its epoch; None: systemd's STATE_DIRECTORY, if set."""
    policy_file: str | None = None
    """Who may do what; None: authenticated users and loopback may read, no one may call methods."""
    uri: str | None = None
    """URI of the host to publish; None: this machine."""
    policy: Policy = DEFAULT
    broker: TransportOptions | None = None
    listen: TransportOptions | None = None

    def transports(self) -> tuple[TransportOptions, ...]:
        """Return the options of each transport; with none configured, of one whose brokers DNS names."""
        return tuple(one for one in (self.broker, self.listen) if one is not None) or (
            TransportOptions(domain=self.domain),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """The options of the command line, which override the file."""

    config: str | None = None
    brokers: Sequence[str] = ()
    listen: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


DEFAULT_TRANSPORT = TransportOptions(spread_seconds=30.0)
"""Of an agent: one of many that lose their broker together."""
_RANGES = {
    "statistics_seconds": (MIN_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS),
    "inventory_seconds": (10, 86400),
    "heartbeat_seconds": (1, 20),
}
_SIMPLE_KEYS = (*_RANGES, "vendor", "product", "instance", "domain", "strict_security", "state")


def settings(line: CommandLine) -> Settings:
    """Read the configuration; raise ReadError, or ParseError that names file and key."""
    where = line.config or "command line"
    document = load_toml(line.config) if line.config is not None else {}
    tables = {name: document.pop(name, None) for name in ("broker", "listen")}
    if "policy" in document:
        document["policy_file"] = document.pop("policy")
    found = replace(_fill(where, "", Settings(), document, (*_SIMPLE_KEYS, "policy_file")), **dict(line.values))
    for name, (minimum, maximum) in _RANGES.items():
        if not minimum <= getattr(found, name) <= maximum:
            raise ParseError(where, f"{name}: must be {minimum} to {maximum}, not {getattr(found, name)}")
    broker = _transport(where, "broker", tables["broker"], found.domain)
    listen = _transport(where, "listen", tables["listen"], found.domain)
    if line.brokers:
        broker = replace(broker or replace(DEFAULT_TRANSPORT, domain=found.domain), urls=tuple(line.brokers))
    if line.listen is not None:
        listen = replace(listen or replace(DEFAULT_TRANSPORT, domain=found.domain), listen=line.listen)
    if listen is not None and listen.listen is None:
        raise ParseError(where, "listen: the url is missing")
    policy = load(found.policy_file) if found.policy_file is not None else DEFAULT
    return replace(found, broker=broker, listen=listen, policy=policy)


def _transport(where: str, name: str, table: object, domain: str) -> TransportOptions | None:
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ParseError(where, f"{name}: expected a table, [{name}]")
    values = dict(table)
    if name == "listen" and "url" in values:
        values["listen"] = values.pop("url")
    known = [one.name for one in fields(TransportOptions) if one.name not in ("domain", "name")]
    known.remove("urls" if name == "listen" else "listen")
    options = _fill(where, f"{name}.", replace(DEFAULT_TRANSPORT, domain=domain), values, known)
    if options.address_scheme not in ADDRESS_SCHEMES:
        raise ParseError(
            where, f"{name}.address_scheme: must be one of {', '.join(ADDRESS_SCHEMES)}, not {options.address_scheme!r}"
        )
    return options


def _fill(where: str, prefix: str, target: _T, values: Mapping[str, object], known: Sequence[str]) -> _T:
    """The target with these values, each checked against the type of its field."""
    types_of = get_type_hints(type(target))
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise ParseError(where, f"{prefix}{printable(name)}: no such setting{did_you_mean(name, known)}")
        checked[name] = _check(where, prefix + name, value, types_of[name])
    return replace(target, **checked)  # type: ignore[type-var]


def _check(where: str, name: str, value: object, annotation: object) -> object:
    choices = get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    if get_origin(choices[0]) is tuple:
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return tuple(value)
        raise ParseError(where, f"{name}: expected a list of strings")
    if float in choices and type(value) in (int, float):
        number = float(value)  # type: ignore[arg-type]  # it is one of the two
        if math.isfinite(number) and number >= 0:
            return number
        raise ParseError(where, f"{name}: expected a finite number, 0 or more, not {value!r}")
    if type(value) in choices:
        return value
    words = {str: "a string", int: "an integer", bool: "true or false", float: "a number"}
    raise ParseError(where, f"{name}: expected {words.get(choices[0], 'another type')}, not {value!r}")
