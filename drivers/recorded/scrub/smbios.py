"""Scrubs a raw SMBIOS table structure by structure, DMTF DSP0134.

Serial numbers, asset tags and the UUID are replaced in place. Structures that no reader uses become zeros of the same
length: OEM strings hold anything, from service tags to credentials.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .secrets import SecretIndex

_STRINGS: dict[int, dict[int, str]] = {
    0: {},
    1: {7: "serial number"},
    2: {7: "serial number", 8: "asset tag"},
    3: {7: "serial number", 8: "asset tag"},
    4: {32: "serial number", 33: "asset tag"},
    7: {},
    16: {},
    17: {24: "serial number", 25: "asset tag"},
    19: {},
    20: {},
    127: {},
}
"""Type -> offset of the byte with a string's number -> kind of the string; other types are not kept."""


def scrub_table(data: bytes, entry_point: bytes | None, secrets: SecretIndex) -> bytes:
    """Return the table with other identities; it is zeros from the first malformed structure on."""
    new = bytearray(data)
    start = 0
    while start + 4 <= len(data):
        length = data[start + 1]
        after = data.find(b"\0\0", start + length)
        if length < 4 or after < 0:
            break
        _structure(new, start, start + length, after, is_swapped=_is_swapped(entry_point), secrets=secrets)
        start = after + 2
    new[start:] = bytes(len(data) - start)
    return bytes(new)


def _structure(new: bytearray, start: int, strings: int, after: int, *, is_swapped: bool, secrets: SecretIndex) -> None:
    kinds = _STRINGS.get(new[start])
    if kinds is None:
        new[start + 4 : strings] = bytes(strings - start - 4)
        new[strings:after] = bytes(byte and 0x2D for byte in new[strings:after])
        return
    if new[start] == 1 and strings - start >= 24:
        new[start + 8 : start + 24] = _uuid(bytes(new[start + 8 : start + 24]), secrets, is_swapped=is_swapped)
    numbered = {new[start + offset]: kind for offset, kind in kinds.items() if start + offset < strings}
    position = strings
    for number, text in enumerate(bytes(new[strings:after]).split(b"\0"), 1):
        kind = numbered.get(number)
        changed = secrets.token(kind, text) if kind is not None else secrets.text(text)
        if len(changed) == len(text):
            new[position : position + len(text)] = changed
        else:
            new[position : position + len(text)] = b"-" * len(text)
        position += len(text) + 1


def _is_swapped(entry_point: bytes | None) -> bool:
    """Whether the UUID's first three fields are little-endian: since SMBIOS 2.6, or if the version is unknown."""
    if entry_point is None:
        return True
    if entry_point.startswith(b"_SM3_"):
        return True
    return not entry_point.startswith(b"_SM_") or len(entry_point) < 8 or tuple(entry_point[6:8]) >= (2, 6)


def _uuid(raw: bytes, secrets: SecretIndex, *, is_swapped: bool) -> bytes:
    if set(raw) in ({0}, {255}):
        return raw
    text, other = (_swap(raw), raw) if is_swapped else (raw, _swap(raw))
    new = bytes.fromhex(secrets.uuid(_dashed(text)).replace("-", ""))
    secrets.register_uuid(_dashed(other), _dashed(_swap(new)))
    return _swap(new) if is_swapped else new


def _swap(raw: bytes) -> bytes:
    return raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]


def _dashed(raw: bytes) -> str:
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
