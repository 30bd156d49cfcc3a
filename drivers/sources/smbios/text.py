"""Clean up firmware strings: drop placeholders that the vendor did not replace.

The placeholders are the defaults of firmware vendors (AMI's "To Be Filled By O.E.M.", Insyde's and ASUS' "System
Product Name", Supermicro's 0123456789), and the texts of DSP0134 and dmidecode(8) for a missing string. Only a whole
string is a placeholder: "Default string" is dropped, "Default Street 1" is kept.
"""

_PLACEHOLDERS = frozenset({
    "to be filled by o.e.m.", "to be filled by o.e.m", "to be filled by oem", "filled by oem", "default string",
    "default", "not specified", "unspecified", "not available", "not applicable", "n/a", "none", "null",
    "(null)", "unknown", "undefined", "uninitialized", "invalid", "empty", "[empty]", "blank", "no dimm",
    "no module installed", "module installed", "not provided", "not set", "not settable", "oem", "o.e.m.", "o.e.m",
    "oem default", "sku", "system manufacturer", "system product name", "system version", "system serial number",
    "system sku", "system sku number", "chassis manufacturer", "chassis manufacture", "chassis version",
    "chassis serial number", "chassis asset tag", "base board manufacturer", "base board product name",
    "base board version", "base board serial number", "base board asset tag", "serial number", "serialnumber",
    "asset tag", "asset-1234567890", "no asset tag", "no asset information", "mb-1234567890", "0123456789",
    "1234567890", "123456789", "12345678", "<bad index>", "<out of spec>", "bad index", "product name", "version",
    "manufacturer",
})  # fmt: skip
_FILLERS = frozenset("0fx")  # 00000000, FFFFFFFF, XXXXXXXX; one to three of them may be a version
_SHORTEST_FILLER = 4

_NO_UUIDS = frozenset({
    "0" * 32,  # absent (DSP0134 7.2.1)
    "f" * 32,  # not set yet (DSP0134 7.2.1)
    "03000200040005000006000700080009",  # AMI's default, the same on every board that was not programmed
    "00020003000400050006000700080009",  # the same in the byte order before SMBIOS 2.6
})  # fmt: skip


def clean(text: str) -> str | None:
    """Return the stripped text, control characters as U+FFFD; None if it is blank or a placeholder."""
    text = text.strip("\0 \t\r\n\v\f")
    if not text.isprintable():
        text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    lowered = text.lower()
    if lowered in _PLACEHOLDERS or not any(character.isalnum() for character in lowered):
        return None
    if len(lowered) >= _SHORTEST_FILLER and len(set(lowered)) == 1 and lowered[0] in _FILLERS:
        return None
    return text


def uuid_text(text: str | None) -> str | None:
    """Return a UUID in lower case with dashes; None for other text and for default UUIDs of firmware vendors."""
    digits = (text or "").strip().lower().replace("-", "")
    if len(digits) != 32 or digits in _NO_UUIDS or not all(digit in "0123456789abcdef" for digit in digits):
        return None
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def uuid_from_bytes(data: bytes, is_little_endian: bool) -> str | None:
    """Return the UUID of SMBIOS type 1; its first three fields are little-endian since 2.6, as in the kernel."""
    if is_little_endian:
        data = data[3::-1] + data[5:3:-1] + data[7:5:-1] + data[8:]
    return uuid_text(data.hex())
