"""Configured names: /etc/hostname, /etc/machine-info, /etc/machine-id, /etc/os-release.

Source: hostname(5), machine-info(5), machine-id(5), os-release(5): assignments with the quoting of the shell.
"""

from ...sources.field_reader import FieldReader
from ...sources.tree import source_of

_MACHINE_INFO = {"PRETTY_HOSTNAME": "pretty_hostname", "DEPLOYMENT": "deployment", "LOCATION": "location"}


def read_static_hostname(reader: FieldReader) -> str | None:
    """Return the configured host name: the first line that is neither blank nor a comment."""
    reader.builder.record_source("/etc/hostname", "static_hostname")
    for line in (reader.attribute("static_hostname", "etc/hostname") or "").splitlines():
        name = line.strip()
        if name and not name.startswith("#"):
            return name
    return None


def read_machine_info(reader: FieldReader) -> dict[str, str]:
    """Return the assignments of machine-info for the requested fields."""
    fields = [field for field in _MACHINE_INFO.values() if reader.builder.needs(field)]
    reader.builder.record_source("/etc/machine-info", *fields)
    found = parse_assignments(reader.attribute(fields[0], "etc/machine-info") or "")
    return {name: value for name, value in found.items() if value and _MACHINE_INFO.get(name) in fields}


def read_machine_id(reader: FieldReader) -> str | None:
    """Return 32 hexadecimal digits; None for "uninitialized", as on first boot."""
    for path in ("etc/machine-id", "var/lib/dbus/machine-id"):
        text = reader.attribute("machine_id", path)
        if text is not None:
            reader.builder.record_source(source_of(path), "machine_id")
            is_id = len(text) == 32 and all(digit in "0123456789abcdef" for digit in text) and set(text) != {"0"}
            return text if is_id else None
    return None


def read_os_name(reader: FieldReader) -> str | None:
    """Return PRETTY_NAME; os-release(5): /usr/lib/os-release counts only if /etc has none."""
    for path in ("etc/os-release", "usr/lib/os-release"):
        text = reader.attribute("os_name", path)
        if text is not None:
            reader.builder.record_source(source_of(path), "os_name")
            found = parse_assignments(text)
            return found.get("PRETTY_NAME") or found.get("NAME") or "Linux"
    return None


def parse_assignments(text: str) -> dict[str, str]:
    """Parse NAME=value lines; the last assignment of a name counts, other lines are skipped."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name] = _unquote(value.strip())
    return found


def _unquote(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1]
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if "\\" not in value:
        return value
    parts = value.split("\\\\")
    return "\\".join(part.replace("\\", "") for part in parts)
