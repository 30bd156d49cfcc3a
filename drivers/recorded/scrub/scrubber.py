"""A recording scrubbed: every file, reply and name once, in the way that its kind needs.

The recording is passed over twice: secrets that the first pass finds in one place are replaced in all by the second.
"""

import sys
from dataclasses import dataclass, replace
from functools import partial
from struct import calcsize, iter_unpack, pack

from ...sources.recorded.recording import Failure, Recording
from .netlink import learn_subnets, scrub_netlink
from .rules import IP_TEXTS, KEPT, KERNEL_WORDS, spans
from .secrets import Values
from .smbios import scrub_table

_TABLE = "sys/firmware/dmi/tables/DMI"
_ENTRY_POINT = "sys/firmware/dmi/tables/smbios_entry_point"
_HARMLESS_ETHTOOL = ("01-", "03-", "0a-", "1d-", "4c-")  # settings, driver, link, driver's features, link modes
_AUXILIARY = (6, 16, 17, 26)
_PAIR_BYTES = calcsize("NN")
_BINARY = bytes(code for code in range(32) if code not in b"\0\t\n\r") + b"\x7f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """Secrets of one kind that were replaced: how many, and where."""

    kind: str
    """MAC address, IP address, UUID, serial number, host name, …"""
    values: int
    """How many different ones."""
    places: int
    """How often they stood there."""
    paths: tuple[str, ...]
    """In which files and replies."""


def scrub(recording: Recording, key: bytes) -> tuple[Recording, tuple[Scrubbed, ...], tuple[str, ...]]:
    """The recording without secrets, what was replaced, and what was left out because nobody knows what it holds."""
    values = Values(key)
    for name in ("netlink/addresses.bin",):
        learn_subnets(recording.replies.get(name, b""), values)
    _pass(recording, values)
    values.second_pass()
    clean, left_out = _pass(recording, values)
    found = tuple(
        Scrubbed(kind=kind, values=len(values.distinct[kind]), places=sum(places.values()), paths=tuple(sorted(places)))
        for kind, places in sorted(values.places.items())
    )
    return clean, found, left_out


def _pass(recording: Recording, values: Values) -> tuple[Recording, tuple[str, ...]]:
    files: dict[str, bytes] = {}
    replies: dict[str, bytes] = {}
    left_out: list[str] = []
    for path, data in recording.files.items():
        name = _name(path, values)
        values.path = "/" + name
        content = _file(path, data, recording, values)
        if content is None:
            left_out.append("/" + name)
        else:
            files[name] = content
    for question, data in recording.replies.items():
        values.path = name = _name(question, values)
        content = _reply(question, data, values)
        if content is None:
            left_out.append(name)
        else:
            replies[name] = content
    links = {_name(path, values): _name(target, values) for path, target in recording.links.items()}
    failures = {_name(name, values): _failure(failure, values) for name, failure in recording.failures.items()}
    errors = {_name(path, values): code for path, code in recording.errors.items()}
    names = {
        _name(path, values): tuple(_name(name, values) for name in listed) for path, listed in recording.names.items()
    }
    clean = replace(
        recording,
        files=files,
        replies=replies,
        links=links,
        failures=failures,
        errors=errors,
        names=names,
        about={key: values.text(text.encode()).decode("utf-8", "replace") for key, text in recording.about.items()},
        is_scrubbed=True,
    )
    return clean, tuple(left_out)


def _name(name: str, values: Values) -> str:
    values.path = "names of files"
    return values.name(name.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _failure(failure: Failure, values: Values) -> Failure:
    values.path = "machine.toml"
    detail = values.text(failure.detail.encode("utf-8", "surrogateescape"), all_ips=True)
    source = values.text(failure.source.encode("utf-8", "surrogateescape"), all_ips=True)
    return replace(failure, detail=detail.decode("utf-8", "replace"), source=source.decode("utf-8", "replace"))


def _file(path: str, data: bytes, recording: Recording, values: Values) -> bytes | None:
    if path == _TABLE:
        return scrub_table(data, recording.files.get(_ENTRY_POINT), values)
    if path.endswith("/auxv"):
        return _auxiliary_vector(data)
    if KEPT.match(path):
        return data
    return _text(path, data, values)


def _auxiliary_vector(data: bytes) -> bytes:
    """Page size, clock ticks and hardware capabilities, getauxval(3); the rest are addresses of one process."""
    kept = [pair for pair in iter_unpack("NN", data[: len(data) // _PAIR_BYTES * _PAIR_BYTES]) if pair[0] in _AUXILIARY]
    return b"".join(pack("NN", *pair) for pair in [*kept, (0, 0)])


def _reply(name: str, data: bytes, values: Values) -> bytes | None:
    from ..recordable import scrubber_of

    folder, _, rest = name.partition("/")
    if folder == "netlink":
        return scrub_netlink(data, values)
    if folder == "ethtool":
        return _ethtool(rest.rpartition("/")[2], data, values)
    own = scrubber_of(name)
    if own is not None:
        content: bytes = own(name, data, values)
        return content
    return _text(name, data, values)


def _ethtool(command: str, data: bytes, values: Values) -> bytes:
    if command.startswith("20-"):  # ETHTOOL_GPERMADDR: command, size, address
        size = int.from_bytes(data[4:8], sys.byteorder)
        return data[:8] + values.mac(data[8 : 8 + size]) + data[8 + size :]
    return data if command.startswith(_HARMLESS_ETHTOOL) else bytes(len(data))


def _text(path: str, data: bytes, values: Values) -> bytes | None:
    """A text with its secrets replaced; None where it is no text, and so nobody knows what it holds."""
    if data.translate(None, _BINARY) != data:
        return None
    search = values.name if KERNEL_WORDS.match(path) else partial(values.text, all_ips=bool(IP_TEXTS.match(path)))
    parts, at = [], 0
    for start, end, kind in spans(path, data):
        parts += [search(data[at:start]), _span(kind, data[start:end], values)]
        at = end
    return b"".join((*parts, search(data[at:])))


def _span(kind: str, value: bytes, values: Values) -> bytes:
    if kind == "drop":
        return b""
    if kind == "hexadecimal IP":
        raw = bytes.fromhex(value.decode())
        if len(raw) == 16:
            return values.ip(raw).hex().encode()
        # /proc/net/route prints addresses as numbers of this machine's byte order
        step = -1 if sys.byteorder == "little" else 1
        return values.ip(raw[::step])[::step].hex().upper().encode()
    return values.token(kind, value)
