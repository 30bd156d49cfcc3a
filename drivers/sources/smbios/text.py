"""Clean up firmware strings: drop placeholders that the vendor did not replace."""

from .placeholders import is_blank_number, is_placeholder, is_template_uuid


def clean(text: str) -> str | None:
    """Return the stripped text, control characters as U+FFFD; None if it is blank or a placeholder."""
    text = text.strip("\0 \t\r\n\v\f")
    if not text.isprintable():
        text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return None if is_placeholder(text) else text


def clean_number(text: str) -> str | None:
    """Return a serial number or asset tag as ``clean`` does; None also if it consists of zeros."""
    cleaned = clean(text)
    return None if cleaned is None or is_blank_number(cleaned) else cleaned


def uuid_text(text: str | None) -> str | None:
    """Return a UUID in lower case with dashes; None for other text and for template UUIDs of firmware vendors."""
    digits = _uuid_digits(text)
    if not digits or is_template_uuid(digits):
        return None
    return _with_dashes(digits)


def is_unusable_uuid(text: str | None) -> bool:
    """Return whether the text is a UUID, but a template: not absent and not "not set yet" (DSP0134 7.2.1)."""
    digits = _uuid_digits(text)
    return digits.strip("0") != "" and digits.strip("f") != "" and is_template_uuid(digits)


def uuid_from_bytes(data: bytes, is_little_endian: bool) -> str | None:
    """Return the UUID of SMBIOS type 1, also a template; None: absent or not set yet.

    Three fields are little-endian since 2.6, as in the kernel.
    """
    if is_little_endian:
        data = data[3::-1] + data[5:3:-1] + data[7:5:-1] + data[8:]
    return None if set(data) <= {0} or set(data) <= {0xFF} else _with_dashes(data.hex())


def _uuid_digits(text: str | None) -> str:
    """Return 32 hexadecimal digits; empty if the text is no UUID."""
    digits = (text or "").strip().lower().replace("-", "")
    return digits if len(digits) == 32 and all(digit in "0123456789abcdef" for digit in digits) else ""


def _with_dashes(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
