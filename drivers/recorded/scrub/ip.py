"""Substitutes of IP addresses that keep their subnets: a keyed permutation of prefixes (Crypto-PAn, Xu et al. 2002).

Two addresses share as many leading bits after it as before. Blocks with a special meaning (private, loopback,
link-local, multicast, …) keep their prefixes: an address stays in its block, and no other address enters it.
"""

from __future__ import annotations

from .substitute import Substitution

_BLOCKS4 = ((0x00, 8), (0x0A, 8), (0x7F, 8), (0x7, 3), (0xA9FE, 16), (0xAC1, 12), (0xC0A8, 16), (0x191, 10))
"""This network, private, loopback, multicast and reserved, link-local, private, private, carrier-grade NAT:
(value, length)."""
_BLOCKS6 = ((0x00, 8), (0xFF, 8), (0xFE80 << 48, 64), (0x7E, 7), (0x1, 3), (0x64FF9B << 64, 96))
"""Unspecified, loopback and mapped; multicast; link-local; unique local; global; NAT64."""
_WHOLE4 = ((0x00, 8), (0x7F, 8), (0x7, 3))
_WHOLE6 = ((0x00, 8), (0xFF, 8))


class IpSubstitution:
    """Substitutes of IPv4 and IPv6 addresses; ``register_subnet`` all subnets before the first ``address``."""

    def __init__(self, substitution: Substitution) -> None:
        self._substitution = substitution
        self._flips: dict[tuple[int, int, int], int] = {}
        self._swaps: dict[bytes, bytes] = {}
        self._unswaps: dict[bytes, bytes] = {}
        self._subnets: set[tuple[bytes, int]] = set()

    def register_subnet(self, address: bytes, length: int) -> None:
        """Register the subnet of an address: its network and broadcast address keep their meaning."""
        bits = len(address) * 8
        if not bits // 4 <= length <= bits - 2 or _is_within(address, _WHOLE4 if bits == 32 else _WHOLE6):
            return
        network = _masked(address, length)
        if (network, length) in self._subnets:
            return
        self._subnets.add((network, length))
        hosts = (1 << (bits - length)) - 1
        base = int.from_bytes(self._mapped(network, length), "big")
        source = int.from_bytes(network, "big")
        for host in (0, hosts) if bits == 32 else (0,):
            self._swap(
                self._raw((source | host).to_bytes(len(address), "big")), (base | host).to_bytes(len(address), "big")
            )

    def _swap(self, one: bytes, other: bytes) -> None:
        """Map ``one`` to ``other``, and what was mapped to ``other`` to the old target of ``one``."""
        was = self._swaps.get(one, one)
        if was == other:
            return
        back = self._unswaps.get(other, other)
        self._swaps[one], self._swaps[back] = other, was
        self._unswaps[other], self._unswaps[was] = one, back

    def address(self, address: bytes, length: int | None = None) -> bytes:
        """Return the substitute of 4 or 16 bytes; with a length, of a network: the bits after it stay."""
        bits = len(address) * 8
        if bits not in (32, 128) or _is_within(address, _WHOLE4 if bits == 32 else _WHOLE6):
            return address
        if length is not None and length < bits and not _host(address, length):
            return self._mapped(address, length)
        new = self._raw(address)
        return self._swaps.get(new, new)

    def _raw(self, address: bytes) -> bytes:
        if len(address) == 16 and address[11:13] == b"\xff\xfe":  # an interface identifier made from a MAC address
            mac = bytes([address[8] ^ 2]) + address[9:11] + address[13:]
            new = self._substitution.mac(mac)
            return self._mapped(address[:8] + bytes(8), 64)[:8] + bytes([new[0] ^ 2]) + new[1:3] + b"\xff\xfe" + new[3:]
        return self._mapped(address, len(address) * 8)

    def _mapped(self, address: bytes, length: int) -> bytes:
        """Permute the first bits."""
        bits = len(address) * 8
        value = new = int.from_bytes(address, "big")
        for depth in range(length):
            prefix = value >> (bits - depth)
            flip = self._flips.get((bits, depth, prefix))
            if flip is None:
                flip = self._flips[bits, depth, prefix] = self._flip(bits, depth, prefix)
            new ^= flip << (bits - 1 - depth)
        return new.to_bytes(len(address), "big")

    def _flip(self, bits: int, depth: int, prefix: int) -> int:
        for block, length in _BLOCKS4 if bits == 32 else _BLOCKS6:
            if depth < length and block >> (length - depth) == prefix:
                return 0
        return self._substitution.stream("ip", b"%d %d %x" % (bits, depth, prefix), 1)[0] & 1


def _masked(address: bytes, length: int) -> bytes:
    bits = len(address) * 8
    return (int.from_bytes(address, "big") >> (bits - length) << (bits - length)).to_bytes(len(address), "big")


def _host(address: bytes, length: int) -> int:
    return int.from_bytes(address, "big") & ((1 << (len(address) * 8 - length)) - 1)


def _is_within(address: bytes, blocks: tuple[tuple[int, int], ...]) -> bool:
    value, bits = int.from_bytes(address, "big"), len(address) * 8
    return any(value >> (bits - length) == block for block, length in blocks)
