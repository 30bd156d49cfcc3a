"""Parsing of libvirt's XML as untrusted input: no document type, no entities, bounded numbers."""

from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from hostinfo.errors import ParseError

SIZE_LIMIT = 16 << 20  # as libvirt's own limit of a message
ELEMENTS_LIMIT = 500_000
"""Tags: each element costs a hundred bytes; the capabilities of 4,096 CPUs have 20,000."""
_MAX_DIGITS = 19  # a longer number does not fit into 64 bits
_UNITS = {"b": 1, "bytes": 1, "KiB": 1 << 10, "k": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_ABSENT = frozenset({"", "Not Specified", "Unknown", "None"})  # what firmware contains where the vendor entered nothing


def parse(document: object, name: str, source: str) -> Element:
    """Return the root element; ParseError unless it has this name."""
    if not isinstance(document, str):
        raise ParseError(source, f"expected text, got {type(document).__name__}")
    if "<!DOCTYPE" in document or "<!ENTITY" in document:
        raise ParseError(source, "contains a document type, which libvirt never sends")
    if len(document) > SIZE_LIMIT or document.count("<") > ELEMENTS_LIMIT:
        raise ParseError(source, f"longer than {SIZE_LIMIT >> 20} MiB, or more than {ELEMENTS_LIMIT} tags")
    try:
        root = ET.fromstring(document)  # noqa: S314 - entities are refused above
    except (ET.ParseError, ValueError) as error:
        raise ParseError(source, f"not XML: {error}") from error
    if root.tag != name:
        raise ParseError(source, f"expected <{name}>, got <{root.tag[:40]}>")
    return root


def children(element: Element | None, path: str) -> list[Element]:
    """Return the elements under a path; an empty list without the element."""
    return element.findall(path) if element is not None else []


def text(element: Element | None, path: str) -> str | None:
    """Return the text of the element under a path; None if it is absent or a placeholder."""
    found = element.findtext(path) if element is not None else None
    found = found.strip() if found is not None else ""
    return None if found in _ABSENT else found


def number(element: Element | None, attribute: str) -> int | None:
    """Return an attribute that is a whole number; None if it is absent, negative or not a number."""
    value = element.get(attribute, "") if element is not None else ""
    return int(value) if value.isdecimal() and len(value) <= _MAX_DIGITS else None


def size_bytes(element: Element | None) -> int | None:
    """Return the size in an element, converted from its unit."""
    if element is None or not (value := (element.text or "").strip()).isdecimal() or len(value) > _MAX_DIGITS:
        return None
    unit = _UNITS.get(element.get("unit", "KiB"))
    return int(value) * unit if unit else None
