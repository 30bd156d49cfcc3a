"""libvirt's XML, read without trust: bounded, no document type, no entities."""

from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from hostinfo.errors import ParseError

_DIGITS = 19  # more than 64 bits can hold is no number of ours
_UNITS = {"b": 1, "bytes": 1, "KiB": 1 << 10, "k": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_ABSENT = frozenset({"", "Not Specified", "Unknown", "None"})  # what the firmware has where nobody wrote anything


def parse(document: object, name: str, source: str) -> Element:
    """The root element, which must have this name; ParseError otherwise."""
    if not isinstance(document, str):
        raise ParseError(source, f"not text but {type(document).__name__}")
    if "<!DOCTYPE" in document or "<!ENTITY" in document:
        raise ParseError(source, "a document type, which libvirt never sends")
    try:
        root = ET.fromstring(document)  # noqa: S314 - entities are refused above
    except (ET.ParseError, ValueError) as error:
        raise ParseError(source, f"not XML: {error}") from error
    if root.tag != name:
        raise ParseError(source, f"<{root.tag[:40]}> where <{name}> was expected")
    return root


def children(element: Element | None, path: str) -> list[Element]:
    """Elements under a path; none where the element is not there."""
    return element.findall(path) if element is not None else []


def text(element: Element | None, path: str) -> str | None:
    """Text of the element under a path; None where it is absent or says nothing."""
    found = element.findtext(path) if element is not None else None
    found = found.strip() if found is not None else ""
    return None if found in _ABSENT else found


def number(element: Element | None, attribute: str) -> int | None:
    """An attribute that is a whole number; None where it is absent, negative or not one."""
    value = element.get(attribute, "") if element is not None else ""
    return int(value) if value.isdecimal() and len(value) <= _DIGITS else None


def size_bytes(element: Element | None) -> int | None:
    """The size that an element holds, by its unit."""
    if element is None or not (value := (element.text or "").strip()).isdecimal() or len(value) > _DIGITS:
        return None
    unit = _UNITS.get(element.get("unit", "KiB"))
    return int(value) * unit if unit else None
