"""The secrets of a recording, their substitutes, and the search for them in text."""

from __future__ import annotations

import re
from _socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from collections import defaultdict

from ...sources.smbios.text import clean, uuid_text
from .ip import IpSubstitution
from .substitute import Substitution

_HEX = "0-9A-Fa-f"
_PATTERN = "|".join((
    rf"(?P<uuid>(?<![{_HEX}-])[{_HEX}]{{8}}(?:-[{_HEX}]{{4}}){{3}}-[{_HEX}]{{12}}(?![{_HEX}]))",
    rf"(?P<mac>(?<![{_HEX}:])(?:[{_HEX}]{{2}}:){{5,31}}[{_HEX}]{{2}}(?![{_HEX}:]))",
    rf"(?P<dashed>(?<![{_HEX}-])(?:[{_HEX}]{{2}}-){{5}}[{_HEX}]{{2}}(?![{_HEX}-]))",
    rf"(?P<under>(?<=_)[{_HEX}]{{2}}(?:_[{_HEX}]{{2}}){{5}}(?![{_HEX}_]))",
    rf"(?P<bare>(?:(?<=enx)|(?<=\b[{_HEX}]{{4}}\.))[{_HEX}]{{12}}(?![{_HEX}]))",
    rf"(?P<known>(?<![0-9A-Za-z])[{_HEX}]{{12}}(?![0-9A-Za-z]))",
    rf"(?P<ip6>(?<![0-9A-Za-z:.])(?:[{_HEX}]{{0,4}}:){{2,7}}(?:[{_HEX}]{{1,4}}(?![{_HEX}:])|(?![{_HEX}:]))(?:/\d+)?)",
    r"(?P<ip4>(?<![0-9A-Za-z.])\d{1,3}(?:\.\d{1,3}){3}(?![0-9A-Za-z])(?:/\d+)?)",
    rf"(?P<hex>(?<![0-9A-Za-z])[{_HEX}]{{32,}}(?![0-9A-Za-z]))",
))  # fmt: skip
_WORD_LIMIT = 4096
COMMON_WORDS = frozenset({
    "linux", "debian", "ubuntu", "fedora", "centos", "suse", "arch", "alpine", "xen", "kvm", "qemu", "host",
    "hostname", "node", "server", "root", "none", "default", "virtual", "machine", "guest", "dom0", "domu", "generic",
    "vm", "pc", "test", "unknown", "intel", "amd", "dell", "eth0", "lo", "bond0", "br0", "console", "quiet",
})  # fmt: skip
"""Host names that are also ordinary words: replaced only where a host name is expected."""


class SecretIndex:
    """Collects the secrets of one recording in the first pass, and replaces them in the second."""

    def __init__(self, key: bytes) -> None:
        self._substitution = Substitution(key)
        self._ips = IpSubstitution(self._substitution)
        self._words: dict[str, tuple[str, str]] = {}
        self._uuids: dict[str, str] = {}
        self._macs: set[bytes] = set()
        self._known_ips: set[bytes] = set()
        self._patterns = re.compile(_PATTERN.encode())
        self._search = self._patterns
        self.path = ""
        self.places: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        """Kind -> path -> occurrences."""
        self.distinct: dict[str, set[object]] = defaultdict(set)
        """Kind -> the secrets, which are counted and never shown."""

    def start_replacing(self) -> None:
        """Begin the second pass: known secrets are searched for in all text, and replacements are counted."""
        words = sorted(self._words, key=len, reverse=True)[:_WORD_LIMIT]
        if words:
            known = "|".join(re.escape(word) for word in words)
            start, end = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
            pattern = f"(?P<word>{start}(?i:{known}){end})|{_PATTERN}"
            self._search = re.compile(pattern.encode("utf-8", "surrogateescape"))
        self.places.clear()
        self.distinct.clear()

    # -- binary values ----------------------------------------------------------------------------------------------

    def register_subnet(self, address: bytes, length: int) -> None:
        """Register the subnet of one of the machine's addresses."""
        self._ips.register_subnet(address, length)

    def mac(self, value: bytes) -> bytes:
        """Return the substitute of a hardware address; the vendor part stays."""
        new = self._substitution.mac(value)
        if new != value:
            self._macs.add(value)
            self._count("MAC address", value)
        return new

    def ip(self, value: bytes, length: int | None = None) -> bytes:
        """Return the substitute of an address, in the substitute of its subnet; with a length, that of a network."""
        new = self._ips.address(value, length)
        if len(value) in (4, 16) and any(value):
            self._known_ips.add(value)
            if new != value:
                self._count("IP address", value)
        return new

    def opaque(self, value: bytes) -> bytes:
        """Return other bytes of the same length."""
        self._count("identifier", value)
        return self._substitution.stream("opaque", value, len(value)) if any(value) else value

    def uuid(self, text: str) -> str:
        """Return the substitute of a UUID; the one registered for another byte order of it, if there is one."""
        if uuid_text(text) is None:  # no UUID, or a default of firmware kits
            return text
        new = self._uuids.get(text.lower()) or self._substitution.hexadecimal(text)
        if new != text:
            self._count("UUID", text.lower())
        return new.upper() if text.isupper() else new

    def register_uuid(self, text: str, new: str) -> None:
        """Register another byte order of a UUID, and its substitute."""
        self._uuids[text.lower()] = new

    def uuid_bytes(self, raw: bytes) -> bytes:
        """Return the substitute of a UUID of 16 big-endian bytes."""
        digits = raw.hex()
        dashed = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        return bytes.fromhex(self.uuid(dashed).replace("-", ""))

    # -- text -------------------------------------------------------------------------------------------------------

    def token(self, kind: str, value: bytes) -> bytes:
        """Replace a whole value of this kind, but not white space and null bytes around it; placeholders stay."""
        inner = value.strip(b" \t\r\n\0\"'")
        text = inner.decode("utf-8", "surrogateescape")
        if not inner or clean(text) is None:
            return value
        new = self._substitute(kind, text)
        if new == text:
            return value
        self._count(kind, text)
        self._remember(kind, text)
        start = value.index(inner)
        return value[:start] + new.encode("utf-8", "surrogateescape") + value[start + len(inner) :]

    def text(self, value: bytes, *, all_ips: bool = False) -> bytes:
        """Replace known secrets, UUIDs, MAC addresses and IP addresses (all, or those known) in text."""
        return self._search.sub(lambda found: self._found(found, all_ips=all_ips), value)

    def name(self, value: bytes) -> bytes:
        """Replace everything in the form of an address or UUID in the name of a link, file or directory."""
        return self._patterns.sub(lambda found: self._found(found, all_ips=False), value)

    def _substitute(self, kind: str, text: str) -> str:
        if kind in ("host name", "domain name"):
            return self._substitution.name(text)
        if len(text) == 36 and text.count("-") == 4:
            return self.uuid(text)
        return self._substitution.token(text)

    def _remember(self, kind: str, text: str) -> None:
        word = text.lower()
        if kind in ("host name", "domain name"):
            short, _, domain = word.partition(".")
            for name in (word, short, domain if "." in domain else ""):
                if len(name) > 2 and name not in COMMON_WORDS and self._substitution.name(name) != name:
                    self._words[name] = (kind, name)
        elif len(word) > 4 and any(character.isdigit() for character in word) and len(set(word)) > 2:
            self._words.setdefault(word, (kind, word))

    def _found(self, found: re.Match[bytes], *, all_ips: bool) -> bytes:
        text = found[0].decode("utf-8", "surrogateescape")
        match found.lastgroup:
            case "word":
                kind = self._words[text.lower()][0] if text.lower() in self._words else "serial number"
                self._count(kind, text.lower())
                new = self._substitute(kind, text)
            case "uuid":
                new = self.uuid(text)
            case "mac" | "dashed" | "under":
                separator = text[2]
                new = self.mac(bytes.fromhex(text.replace(separator, ""))).hex(separator)
            case "bare":
                new = self.mac(bytes.fromhex(text)).hex()
            case "known":
                raw = bytes.fromhex(text)
                new = self.mac(raw).hex() if raw in self._macs else text
            case "ip4" | "ip6":
                return self._ip_text(text, all_ips=all_ips).encode("utf-8", "surrogateescape")
            case _:
                new = self._long_hexadecimal(text)
        new = new.upper() if text.isupper() and found.lastgroup != "word" else new
        return new.encode("utf-8", "surrogateescape")

    def _long_hexadecimal(self, text: str) -> str:
        dashed = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
        new = self._uuids.get(dashed.lower(), "").replace("-", "") if len(text) == 32 else ""
        new = new or self._substitution.hexadecimal(text)
        if new != text:
            self._count("UUID" if len(text) == 32 else "identifier", text.lower())
        return new

    def _ip_text(self, text: str, *, all_ips: bool) -> str:
        address, slash, length = text.partition("/")
        family = AF_INET6 if ":" in address else AF_INET
        try:
            raw = inet_pton(family, address)
        except OSError:
            return text
        if not all_ips and raw not in self._known_ips:
            return text
        bits = int(length) if slash and int(length) <= len(raw) * 8 else None
        new = self.ip(raw, bits)
        return text if new == raw else inet_ntop(family, new) + slash + length

    def _count(self, kind: str, value: object) -> None:
        self.places[kind][self.path] += 1
        self.distinct[kind].add(value)
