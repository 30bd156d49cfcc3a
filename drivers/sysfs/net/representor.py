"""Ports of the switch that is embedded in a NIC: representors, distinguished by phys_port_name.

Source: Documentation/networking/representors.rst and devlink-port.rst; the format is that of
``__devlink_port_phys_port_name_get`` (net/devlink/port.c): p0 for the physical port, pf0, pf0vf1 and pf0sf88 for the
functions, c1pf0vf1 for those of another controller. Drivers before devlink use the same format, except that ef100 adds
its port (p0pf0vf1), and mlx5 before Linux 5.1 names a virtual function by its bare number.
"""

from __future__ import annotations

from hostinfo.model.network import Representor

_FIELDS = {"c": "controller", "pf": "pf", "vf": "vf", "sf": "sf", "p": None, "s": None}
_NAME_LIMIT = 32


def parse_representor(name: str | None, *, has_bare_numbers: bool = False) -> Representor | None:
    """Return what a phys_port_name stands for; None for a physical port and for names of another format.

    ``has_bare_numbers``: a number alone is a virtual function.
    """
    if name is None or len(name) > _NAME_LIMIT or not name.isascii():
        return None
    if has_bare_numbers and name.isdecimal():
        return Representor(vf=int(name))
    found: dict[str, int] = {}
    rest = name
    while rest:
        digits = rest.lstrip("abcdefghijklmnopqrstuvwxyz")
        key, after = rest[: len(rest) - len(digits)], digits.lstrip("0123456789")
        number = digits[: len(digits) - len(after)]
        if key not in _FIELDS or not number or (field := _FIELDS[key] or key) in found:
            return None
        found[field] = int(number)
        rest = after
    if not found.keys() & {"pf", "vf", "sf"}:
        return None
    return Representor(pf=found.get("pf"), vf=found.get("vf"), sf=found.get("sf"), controller=found.get("controller"))
