"""Questions of consoles for single facts, read in a thread of their own."""

import threading
from collections.abc import Callable, Mapping
from queue import Full, Queue

from hostinfo import HostInfo, HostInfoError
from hostinfo.output.document import collect_group, errors_by_path
from hostinfo.output.json import to_json
from hostinfo.path import NoSuchItem, Path, PathError

from ..qmf import ErrorCode, InvalidArgument, NotFound, QmfError

WAITING_LIMIT = 16
Answer = Mapping[str, object] | QmfError


class Questions:
    """Answers getFact, one after another."""

    def __init__(self, open_host: Callable[[], HostInfo]) -> None:
        self._open_host = open_host
        self._waiting: Queue[tuple[Path, Callable[[Answer], None]] | None] = Queue(WAITING_LIMIT)
        self._thread: threading.Thread | None = None

    def ask(self, text: str, tell: Callable[[Answer], None]) -> None:
        """Read a path; ``tell`` is called with the answer, in another thread. QmfError where it can't be."""
        try:
            path = Path(text)
        except PathError as error:
            raise InvalidArgument(f"getFact: {error}") from None
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hostinfo-questions", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait((path, tell))
        except Full:
            raise QmfError("getFact: too many questions wait for an answer, ask again later") from None

    def close(self) -> None:
        """End, where nothing waits."""
        try:
            self._waiting.put_nowait(None)
        except Full:
            return

    def _run(self) -> None:
        with self._open_host() as host:
            while (question := self._waiting.get()) is not None:
                path, tell = question
                try:
                    tell(answer(host, path))
                except QmfError as error:
                    tell(error)
                except Exception as error:
                    tell(QmfError(f"getFact: fault of the agent: {type(error).__name__}"))


def answer(host: HostInfo, path: Path) -> Mapping[str, object]:
    """The output arguments of getFact; QmfError where the group can't be told at all, or has no such item."""
    told = collect_group(host, path.group, None if path.field is None else frozenset({path.field}))
    problems = errors_by_path(told)
    if not told.is_available:
        raise QmfError(f"getFact: {'; '.join(problem['message'] for problem in problems.values())}")
    try:
        value = path.resolve(told.value)
    except NoSuchItem as error:
        raise NotFound(f"getFact: {error}", code=ErrorCode.INVALID_PARAMETER) from None
    except HostInfoError as error:
        raise QmfError(f"getFact: {error}") from error
    reasons = {
        where: f"{problem['kind']}: {problem['message']}"
        for where, problem in problems.items()
        if path.field is None or where in (path.group, f"{path.group}.{path.field}") or where.startswith(path.text)
    }
    return {"value": to_json(value), "source": path.source(told.sources), "errors": reasons}
