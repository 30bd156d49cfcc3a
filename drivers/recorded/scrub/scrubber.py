"""Scrubs a recording: every file, reply and name, each kind in its own way.

There are two passes: a secret that the first pass finds in one place is replaced everywhere by the second.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace as replace_dataclass
from functools import partial
from struct import calcsize, iter_unpack, pack

from hostinfo.record import replace

from ..report import Scrubbed
from .netlink import register_subnets, scrub_netlink
from .rules import IP_TEXTS, KEPT, KERNEL_WORDS, spans
from .secrets import SecretIndex
from .smbios import scrub_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...sources.recorded.recording import Failure, Recording

_TABLE = "sys/firmware/dmi/tables/DMI"
_ENTRIES = "sys/firmware/dmi/entries/"
_ENTRY_POINT = "sys/firmware/dmi/tables/smbios_entry_point"
_HARMLESS_ETHTOOL = ("01-", "03-", "0a-", "1d-", "4c-")  # settings, driver, link, driver's features, link modes
_AUXILIARY = (6, 16, 17, 26)
_PAIR_BYTES = calcsize("NN")
_BINARY = bytes(code for code in range(32) if code not in b"\0\t\n\r") + b"\x7f"


Scrubber = Callable[[str, bytes, SecretIndex], bytes]
"""Replaces the secrets in a reply; called with its name, the reply and the secrets."""


def scrub(
    recording: Recording, key: bytes, scrubbers: Mapping[str, Scrubber | None]
) -> tuple[Recording, tuple[Scrubbed, ...], tuple[str, ...]]:
    """Return the recording without secrets, what was replaced, and what was left out because its content is unknown.

    ``scrubbers``: folder of replies -> the scrubber of the driver that they belong to.
    """
    secrets = SecretIndex(key)
    register_subnets(recording.replies.get("netlink/addresses.bin", b""), secrets)
    _pass(recording, secrets, scrubbers)
    secrets.start_replacing()
    clean, left_out = _pass(recording, secrets, scrubbers)
    found = tuple(
        Scrubbed(
            kind=kind, values=len(secrets.distinct[kind]), places=sum(places.values()), paths=tuple(sorted(places))
        )
        for kind, places in sorted(secrets.places.items())
    )
    return clean, found, left_out


def _pass(
    recording: Recording, secrets: SecretIndex, scrubbers: Mapping[str, Scrubber | None]
) -> tuple[Recording, tuple[str, ...]]:
    files: dict[str, bytes] = {}
    replies: dict[str, bytes] = {}
    left_out: list[str] = []
    for path, data in recording.files.items():
        name = _name(path, secrets)
        secrets.path = "/" + name
        content = _file(path, data, recording, secrets)
        if content is None:
            left_out.append("/" + name)
        else:
            files[name] = content
    for call, data in recording.replies.items():
        secrets.path = name = _name(call, secrets)
        content = _reply(call, data, secrets, scrubbers)
        if content is None:
            left_out.append(name)
        else:
            replies[name] = content
    links = {_name(path, secrets): _name(target, secrets) for path, target in recording.links.items()}
    failures = {_name(name, secrets): _failure(failure, secrets) for name, failure in recording.failures.items()}
    errors = {_name(path, secrets): code for path, code in recording.errors.items()}
    names = {
        _name(path, secrets): tuple(_name(name, secrets) for name in listed) for path, listed in recording.names.items()
    }
    clean = replace_dataclass(
        recording,
        files=files,
        replies=replies,
        links=links,
        failures=failures,
        errors=errors,
        names=names,
        about={key: secrets.text(text.encode()).decode("utf-8", "replace") for key, text in recording.about.items()},
        is_scrubbed=True,
    )
    return clean, tuple(left_out)


def _name(name: str, secrets: SecretIndex) -> str:
    secrets.path = "names of files"
    return secrets.name(name.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _failure(failure: Failure, secrets: SecretIndex) -> Failure:
    secrets.path = "machine.toml"
    detail = secrets.text(failure.detail.encode("utf-8", "surrogateescape"), all_ips=True)
    source = secrets.text(failure.source.encode("utf-8", "surrogateescape"), all_ips=True)
    return replace(failure, detail=detail.decode("utf-8", "replace"), source=source.decode("utf-8", "replace"))


def _file(path: str, data: bytes, recording: Recording, secrets: SecretIndex) -> bytes | None:
    if path == _TABLE or (path.startswith(_ENTRIES) and path.endswith("/raw")):
        return scrub_table(data, recording.files.get(_ENTRY_POINT), secrets)
    if path.endswith("/auxv"):
        return _auxiliary_vector(data)
    if KEPT.match(path):
        return data
    return _text(path, data, secrets)


def _auxiliary_vector(data: bytes) -> bytes:
    """Keep page size, clock ticks and hardware capabilities, getauxval(3); the rest are addresses of one process."""
    kept = [pair for pair in iter_unpack("NN", data[: len(data) // _PAIR_BYTES * _PAIR_BYTES]) if pair[0] in _AUXILIARY]
    return b"".join(pack("NN", *pair) for pair in [*kept, (0, 0)])


def _reply(name: str, data: bytes, secrets: SecretIndex, scrubbers: Mapping[str, Scrubber | None]) -> bytes | None:
    folder, _, rest = name.partition("/")
    if folder == "netlink":
        return scrub_netlink(data, secrets)
    if folder == "ethtool":
        return _ethtool(rest.rpartition("/")[2], data, secrets)
    scrubber = scrubbers.get(folder)
    return scrubber(name, data, secrets) if scrubber is not None else _text(name, data, secrets)


def _ethtool(command: str, data: bytes, secrets: SecretIndex) -> bytes:
    if command.startswith("20-"):  # ETHTOOL_GPERMADDR: command, size, address
        size = int.from_bytes(data[4:8], sys.byteorder)
        return data[:8] + secrets.mac(data[8 : 8 + size]) + data[8 + size :]
    return data if command.startswith(_HARMLESS_ETHTOOL) else bytes(len(data))


def _text(path: str, data: bytes, secrets: SecretIndex) -> bytes | None:
    """Return a text with its secrets replaced; None if it is not text, so that its content is unknown."""
    if data.translate(None, _BINARY) != data:
        return None
    search = secrets.name if KERNEL_WORDS.match(path) else partial(secrets.text, all_ips=bool(IP_TEXTS.match(path)))
    parts, position = [], 0
    for start, end, kind in spans(path, data):
        parts += [search(data[position:start]), _span(kind, data[start:end], secrets)]
        position = end
    return b"".join((*parts, search(data[position:])))


def _span(kind: str, value: bytes, secrets: SecretIndex) -> bytes:
    if kind == "drop":
        return b""
    if kind == "hexadecimal IP":
        raw = bytes.fromhex(value.decode())
        if len(raw) == 16:
            return secrets.ip(raw).hex().encode()
        # /proc/net/route prints addresses as numbers in this machine's byte order
        step = -1 if sys.byteorder == "little" else 1
        return secrets.ip(raw[::step])[::step].hex().upper().encode()
    return secrets.token(kind, value)
