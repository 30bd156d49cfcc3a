"""The reason for each field of a host that its libvirt daemon does not report."""

from __future__ import annotations

from hostinfo.errors import Unsupported
from hostinfo.fact import Problem
from hostinfo.record import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hostinfo.driver import RequestedFields
    from hostinfo.fact import GroupResult
    from hostinfo.groups import Reader

_NOT_READ = frozenset({"interval_seconds", "control_domain"})
"""Fields that no source reports: they follow from others."""


def read_with_reasons(driver: str, read: Reader[Any], fields: RequestedFields) -> GroupResult[Any]:
    """Read a group, and add a reason for each requested field that is absent and has none."""
    result = read(fields)
    value = result.value
    known = {problem.path.partition(".")[0].partition("[")[0] for problem in result.problems}
    absent = [
        name
        for name in value.__record_fields__
        if getattr(value, name) is None
        and (fields is None or name in fields)
        and name not in known | _NOT_READ
        and "" not in known
    ]
    if not absent:
        return result
    error = Unsupported("libvirt", "does not report it for this host")
    found = (Problem(path=name, error=error, driver=driver) for name in absent)
    return replace(result, problems=(*result.problems, *found))
