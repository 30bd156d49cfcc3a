"""Texts and UUIDs that firmware vendors use as templates and board makers did not replace.

Sources: DSP0134 and dmidecode(8) for missing strings; the defaults of firmware vendors (AMI's "To Be Filled By O.E.M.",
Insyde's and ASUS' "System Product Name", Supermicro's 0123456789); netdata's src/daemon/status-file-dmi.c; systemd's
hwdb.d/20-dmi-id.hwdb. Lists end, so most rules are patterns. Only a whole text is a placeholder: "Default string" is
one, "Default Street 1" is none.
"""

_TEXTS = frozenset({
    "default", "defaultstring", "defaultvalue", "string", "unspecified", "na", "none", "null", "nil", "unknown",
    "unknow", "unkown", "undefined", "undefine", "uninitialized", "invalid", "empty", "blank", "tbd",
    "standard", "notspecified", "notavailable", "notapplicable", "notprovided", "notset", "notsettable",
    "notdefined", "notassigned", "notinstalled", "notpresent", "notprogrammed", "notused", "noneprovided",
    "nonespecified", "noenclosure", "nodimm", "nomodule", "nomoduleinstalled", "moduleinstalled", "noasset",
    "noassettag", "noassetinformation", "noserial", "noserialnumber", "badindex", "outofspec", "oemdefault",
    "oemdefaultstring", "oemmb", "oemstring", "oemname", "oemboard", "oemdefined", "oemdefine",
})  # fmt: skip
"""Letters and digits in lower case, without up to three digits at the end."""
_OBJECTS = frozenset({
    "", "system", "base", "baseboard", "board", "motherboard", "mainboard", "chassis", "enclosure", "product", "module",
    "oem", "oemsystem", "oemproduct", "oemchassis", "oembaseboard", "oemboard",
})  # fmt: skip
_FIELDS = (
    "manufacturer", "manufacture", "manufacturername", "vendor", "vendorname", "productname", "productnumber", "name",
    "modelname", "version", "serial", "serialnumber", "serialnum", "serialno", "sernum", "assettag", "assettagnumber",
    "assettagnum", "sku", "skunumber", "family", "partnumber", "partnum", "uuid",
)  # fmt: skip
"""Names of fields: the text repeats what it should hold ("System Manufacturer", "SerNum0")."""
_UNNUMBERED = ("family", "version", "name", "serial", "sku", "vendor")  # "Family 17" may be one
_NAMES = ("product", "manufacturer", "oem")
_TYPE_WORDS = ("product", "system", "base", "board", "chassis", "manufacturer", "family", "sku", "serial", "version")
_TEMPLATES = (("$(", ")"), ("${", "}"), ("<", ">"))
_FILLERS = frozenset("0fx")  # 00000000, FFFFFFFF, XXXXXXXX; one to three of them may be a version
_SHORTEST_FILLER = 4
_LONGEST = 64
_SEQUENCES = ("1234567890" * 4, "0123456789" * 4, "9876543210", "0123456789abcdef")
_SHORTEST_SEQUENCE = 8  # also after letters: BSN12345678901234567, MB-1234567890


def is_placeholder(text: str) -> bool:
    """Return whether a text that has been stripped names no thing in particular."""
    lowered = text.lower()
    letters = "".join(character for character in lowered if character.isalnum())
    if not letters:
        return True
    if _is_filler(lowered, letters):
        return True
    if len(text) > _LONGEST:
        return False
    if any(lowered.startswith(start) and lowered.endswith(end) for start, end in _TEMPLATES):
        return True
    return _is_named(lowered, letters) or _is_sequence(letters)


def is_blank_number(text: str) -> bool:
    """Return whether a serial number or asset tag consists of zeros: VirtualBox' is 0."""
    return set(text) <= set("0 .-_")


def _is_named(lowered: str, letters: str) -> bool:
    stem = letters.rstrip("0123456789")
    if len(letters) - len(stem) > 3:
        stem = letters
    if stem in _TEXTS or letters in _NAMES or letters.endswith(("byoem", "byodm", "byvendor")):
        return True
    if letters.startswith(("tobefilled", "tobedefined", "smbiostype")) or lowered.startswith("smbios_"):
        return True
    number = lowered[4:].partition("-")[0].strip()
    if lowered.startswith("type") and "-" in lowered and number.isdecimal():  # Type2 - Board Serial Number
        return True
    if letters.startswith("type") and letters[4:5].isdecimal():  # Type1Family, Type1ProductConfigId
        return letters[4:].lstrip("0123456789").startswith(_TYPE_WORDS)
    name = letters if stem in _UNNUMBERED else stem
    return any(_is_field(name, field) for field in _FIELDS)


def _is_field(stem: str, field: str) -> bool:
    if not stem.endswith(field):
        return False
    start = stem.removesuffix(field)
    # A1_Manufacturer0, Array1_PartNumber1 of AMI's tables
    return start in _OBJECTS or (start[:-1] in ("a", "array", "dimm") and start[-1].isdecimal())


def _is_filler(lowered: str, letters: str) -> bool:
    if letters.strip("x") == "" and (len(letters) >= _SHORTEST_FILLER or letters != lowered):  # x.x
        return True
    return len(lowered) >= _SHORTEST_FILLER and len(set(lowered)) == 1 and lowered[0] in _FILLERS


def _is_sequence(letters: str) -> bool:
    digits = letters.lstrip("abcdefghijklmnopqrstuvwxyz")
    if letters == _SEQUENCES[3]:
        return True
    is_prefixed = len(letters) - len(digits) <= 6
    return is_prefixed and len(digits) >= _SHORTEST_SEQUENCE and any(text.startswith(digits) for text in _SEQUENCES)


def is_template_uuid(digits: str) -> bool:
    """Return whether the 32 hexadecimal digits are a template, the same on every board that was not programmed.

    One byte repeated (0 is absent and 255 not set yet, DSP0134 7.2.1), bytes that count from 0 or 1, or AMI's default
    03000200-0400-0500-0006-000700080009; each also in the byte order before SMBIOS 2.6.
    """
    data = bytes.fromhex(digits)
    for candidate in (data, data[3::-1] + data[5:3:-1] + data[7:5:-1] + data[8:]):
        steps = {candidate[position + 1] - candidate[position] for position in range(15)}
        if steps == {0} or (steps == {1} and candidate[0] < 2) or candidate.hex() == "00020003000400050006000700080009":
            return True
    return False
