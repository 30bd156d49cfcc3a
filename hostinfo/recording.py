"""Recording of a machine, for Python programs: what ``hostinfo record`` does."""

from __future__ import annotations

from importlib import import_module

from hostinfo import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hostinfo.drivers.recorded.report import Report


def record_machine(directory: str, uri: str | None = None, *, raw: bool = False, key: bytes | None = None) -> Report:
    """Record a machine into a new folder, scrubbed unless ``raw``, and report what was recorded and replaced.

    ``uri`` is this machine (None), a tree of files (``sysfs:///DIR``), another host, or a recording (``recorded:DIR``:
    to scrub a raw one). The same ``key`` gives the same substitutes in several recordings; without one they are valid
    in this recording only.

    Raises RecordingError if the folder is not empty or cannot be written, Unavailable if there is nothing to record.
    """
    report: Report = import_module("hostinfo.drivers.recorded").record(
        directory, registry.recordable_rows(uri), uri, raw=raw, key=key
    )
    return report
