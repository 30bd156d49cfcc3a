"""The configured names: /etc/hostname, /etc/machine-info, /etc/machine-id, /etc/os-release.

Source: hostname(5), machine-info(5), machine-id(5), os-release(5): assignments quoted as the shell does.
"""

from ...sources.field_reader import FieldReader

_MACHINE_INFO = {"PRETTY_HOSTNAME": "pretty_hostname", "DEPLOYMENT": "deployment", "LOCATION": "location"}


def static_hostname(reader: FieldReader) -> str | None:
    """The configured name: the first line that is neither blank nor a comment."""
    reader.builder.record_source("/etc/hostname", "static_hostname")
    for line in (reader.attribute("static_hostname", "etc/hostname") or "").splitlines():
        name = line.strip()
        if name and not name.startswith("#"):
            return name
    return None


def machine_info(reader: FieldReader) -> dict[str, str]:
    """The assignments of machine-info that are facts of ours."""
    fields = [field for field in _MACHINE_INFO.values() if reader.builder.needs(field)]
    reader.builder.record_source("/etc/machine-info", *fields)
    found = parse_assignments(reader.attribute(fields[0], "etc/machine-info") or "")
    return {name: value for name, value in found.items() if value and _MACHINE_INFO.get(name) in fields}


def machine_id(reader: FieldReader) -> str | None:
    """32 hexadecimal digits; None for "uninitialized", a first boot's."""
    for path in ("etc/machine-id", "var/lib/dbus/machine-id"):
        text = reader.attribute("machine_id", path)
        if text is not None:
            reader.builder.record_source(f"/{path}", "machine_id")
            is_id = len(text) == 32 and all(digit in "0123456789abcdef" for digit in text) and set(text) != {"0"}
            return text if is_id else None
    return None


def os_name(reader: FieldReader) -> str | None:
    """The name for people; os-release(5): /usr/lib only where /etc has none."""
    for path in ("etc/os-release", "usr/lib/os-release"):
        text = reader.attribute("os_name", path)
        if text is not None:
            reader.builder.record_source(f"/{path}", "os_name")
            found = parse_assignments(text)
            return found.get("PRETTY_NAME") or found.get("NAME") or "Linux"
    return None


def parse_assignments(text: str) -> dict[str, str]:
    """NAME=value lines; the last assignment of a name counts, lines that are none are skipped."""
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
