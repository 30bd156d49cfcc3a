"""Check the mode and options of a bond."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hostinfo.model.network_state import Interface
from hostinfo.suggestions import did_you_mean

from .backend import Fault
from .bond_options import ALIASES, MODES, ONLY_IN, OPTIONS, accepted, normalize


def check_bond(link: Interface, old: Interface | None) -> Iterator[Fault]:
    """Yield the faults of a bond; options that it has already are accepted as they are."""
    bond = link.link_aggregation
    if bond is None or link == old:
        return
    path = f"interfaces[{link.name}].link-aggregation"
    if bond.mode not in MODES:
        message = "missing" if bond.mode is None else f"{bond.mode!r} is not supported"
        yield Fault(path=f"{path}.mode", message=f"{message}; one of {', '.join(MODES)} is")
        return
    before = (old.link_aggregation.options if old and old.link_aggregation else None) or {}
    options = bond.options or {}
    for given, value in options.items():
        if before.get(given) != value:
            yield from _check_option(given, value, bond.mode, f"{path}.options.{given}")
    primary = options.get("primary")
    if primary is not None and primary not in (bond.ports or ()):
        yield Fault(path=f"{path}.options.primary", message=f"{primary} is no port of {link.name}")
    yield from _check_monitoring(options, path)


def _check_option(given: str, value: str | int | bool, mode: str, path: str) -> Iterator[Fault]:
    name = ALIASES.get(given, given)
    if name not in OPTIONS:
        yield Fault(path=path, message=f"no option of a bond{did_you_mean(name, sorted(OPTIONS))}")
    elif mode not in ONLY_IN.get(name, (mode,)):
        yield Fault(path=path, message=f"not in mode {mode}; only in {', '.join(ONLY_IN[name])}")
    elif normalize(name, value) is None:
        yield Fault(path=path, message=f"{value!r} is no value of it; give {accepted(name)}")


def _check_monitoring(options: Mapping[str, str | int | bool], path: str) -> Iterator[Fault]:
    if int(options.get("miimon") or 0) and int(options.get("arp_interval") or 0):
        yield Fault(path=f"{path}.options.arp_interval", message="excludes miimon; set one of them to 0")
    if int(options.get("arp_interval") or 0) and not options.get("arp_ip_target"):
        yield Fault(path=f"{path}.options.arp_interval", message="needs arp_ip_target")
    for name in ("updelay", "downdelay"):
        if int(options.get(name) or 0) and not int(options.get("miimon") or 0):
            yield Fault(path=f"{path}.options.{name}", message="needs miimon")
