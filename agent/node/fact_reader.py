"""The method getFact: single facts, read in a thread because a driver may take its time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from queue import Full, Queue

from hostinfo import HostInfo, HostInfoError
from hostinfo.output.document import collect_group, errors_by_path
from hostinfo.output.json import to_json
from hostinfo.path import NoSuchItem, Path, PathError

from ..qmf import ErrorCode, InvalidArgument, NotFound, QmfError

QUEUE_LIMIT = 16
Result = Mapping[str, object] | QmfError
Callback = Callable[[Result], None]


class FactReader:
    """Reads one fact after another; the thread starts with the first one."""

    def __init__(self, open_host: Callable[[], HostInfo]) -> None:
        self._open_host = open_host
        self._requests: Queue[tuple[Path, Callback] | None] = Queue(QUEUE_LIMIT)
        self._thread: threading.Thread | None = None

    def read(self, text: str, callback: Callback) -> None:
        """Read the fact at a path; ``callback`` gets the result in another thread.

        Raise QmfError if the path is wrong or too many requests are waiting.
        """
        try:
            path = Path(text)
        except PathError as error:
            raise InvalidArgument(f"getFact: {error}") from None
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hostinfo-facts", daemon=True)
            self._thread.start()
        try:
            self._requests.put_nowait((path, callback))
        except Full:
            raise QmfError("getFact: too many requests are waiting; try again later") from None

    def close(self) -> None:
        """End the thread after the waiting requests."""
        try:
            self._requests.put_nowait(None)
        except Full:
            return

    def _run(self) -> None:
        with self._open_host() as host:
            while (request := self._requests.get()) is not None:
                path, callback = request
                try:
                    callback(read_fact(host, path))
                except QmfError as error:
                    callback(error)
                except Exception as error:
                    callback(QmfError(f"getFact: internal error: {type(error).__name__}"))


def read_fact(host: HostInfo, path: Path) -> Mapping[str, object]:
    """Return the output arguments of getFact; raise QmfError if the group is unavailable or has no such item."""
    report = collect_group(host, path.group, None if path.field is None else frozenset({path.field}))
    problems = errors_by_path(report)
    if not report.is_available:
        raise QmfError(f"getFact: {'; '.join(problem['message'] for problem in problems.values())}")
    try:
        value = path.resolve(report.value)
    except NoSuchItem as error:
        raise NotFound(f"getFact: {error}", code=ErrorCode.INVALID_PARAMETER) from None
    except HostInfoError as error:
        raise QmfError(f"getFact: {error}") from error
    reasons = {
        where: f"{problem['kind']}: {problem['message']}"
        for where, problem in problems.items()
        if path.field is None or where in (path.group, f"{path.group}.{path.field}") or where.startswith(path.text)
    }
    return {"value": to_json(value), "source": path.source(report.sources), "errors": reasons}
