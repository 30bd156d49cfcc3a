"""Substitutes of the same form: one secret has one substitute in a recording, and none can be reversed.

Keyed with HMAC-SHA256. MAC and IP addresses are permuted, so that two of them never have the same substitute.
"""

from __future__ import annotations

import hmac
from string import ascii_letters, digits, hexdigits

_ROUNDS = 6
_HEX = frozenset(hexdigits)


class Substitution:
    """Substitutes under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._macs: dict[bytes, bytes] = {}

    def stream(self, kind: str, value: bytes, length: int) -> bytes:
        """Return pseudorandom bytes, determined by the key, the kind and the value."""
        blocks = [
            hmac.digest(self._key, b"%s\0%d\0%s" % (kind.encode(), number, value), "sha256")
            for number in range(-(-length // 32))
        ]
        return b"".join(blocks)[:length]

    def token(self, value: str) -> str:
        """Return a word of the same shape: digits become digits, letters letters of the same case, the rest stays.

        UUIDs and long runs of hexadecimal digits stay hexadecimal.
        """
        plain = value.replace("-", "")
        if len(plain) >= 32 and _HEX.issuperset(plain):
            return self.hexadecimal(value)
        return self._shaped(value)

    def hexadecimal(self, value: str) -> str:
        """Return as many hexadecimal digits, in the same case and with the same dashes.

        Both cases of a value have the same substitute. All zeros and all ones mean "none" in UUIDs, and stay.
        """
        plain = value.replace("-", "").lower()
        if set(plain) <= {"0"} or set(plain) <= {"f"}:
            return value
        new = self.stream("hex", plain.encode(), (len(plain) + 1) // 2).hex()[: len(plain)]
        if len(plain) == 32:  # UUIDs keep version and variant, which readers may check
            new = new[:12] + plain[12] + new[13:16] + plain[16] + new[17:]
        substitutes = iter(new.upper() if any(character.isupper() for character in value) else new)
        return "".join(character if character == "-" else next(substitutes) for character in value)

    def name(self, value: str) -> str:
        """Replace a host or domain name label by label: names of one domain still share it, ``localhost`` stays."""
        return ".".join(label if label.lower() in _COMMON_LABELS else self._shaped(label) for label in value.split("."))

    def mac(self, address: bytes) -> bytes:
        """Replace a hardware address except its vendor part; all zeros, broadcast and multicast stay."""
        if len(address) < 6 or not any(address) or set(address) == {255}:
            return address
        vendor, tail = (address[:3], address[3:]) if len(address) <= 8 else (address[:-5], address[-5:])
        if len(address) <= 8 and address[0] & 1:
            return address
        known = self._macs.get(address)
        if known is None:
            number = self._permute(vendor, int.from_bytes(tail, "big"), len(tail) * 8)
            known = self._macs[address] = vendor + number.to_bytes(len(tail), "big")
        return known

    def _permute(self, vendor: bytes, number: int, bits: int) -> int:
        """Permute the numbers of so many bits, by a Feistel network."""
        half = bits // 2
        mask = (1 << half) - 1
        left, right = number >> half, number & mask
        for turn in range(_ROUNDS):
            mixed = self.stream(f"mac{turn}", vendor + right.to_bytes(8, "big"), 8)
            left, right = right, left ^ (int.from_bytes(mixed, "big") & mask)
        return left << half | right

    def _shaped(self, value: str) -> str:
        for attempt in range(8):
            stream = self.stream(f"token{attempt}", value.lower().encode("utf-8", "surrogateescape"), len(value))
            new = "".join(map(_shift, value, stream))
            if new != value:
                return new
        return value


_COMMON_LABELS = frozenset({"localhost", "localdomain", "local", "(none)", "arpa", "home", "internal", "lan", ""})
"""Labels that do not identify an owner."""


def _shift(character: str, by: int) -> str:
    if character in digits:
        return digits[(digits.index(character) + by) % 10]
    if character in ascii_letters:
        base = 65 if character < "a" else 97
        return chr(base + (ord(character) - base + by) % 26)
    return character if character.isascii() else "x"
