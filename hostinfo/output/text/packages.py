"""CPU packages as a tree: one line per socket, below it one per kind of core if there are several."""

from __future__ import annotations

from hostinfo.output.text.style import Style
from hostinfo.output.text.units import count, join_present, ranges

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hostinfo.model.cpu import Processor

    Shape = tuple[int, str | None]


def group_by_socket(processors: Iterable[Processor]) -> dict[int | None, list[Processor]]:
    """Return the online CPUs of each socket, by its first CPU; by socket ID if the driver does not report that."""
    online = [processor for processor in processors if processor.is_online]
    has_first = any(processor.socket_first_cpu is not None for processor in online)
    found: dict[int | None, list[Processor]] = {}
    for processor in online:
        found.setdefault(processor.socket_first_cpu if has_first else processor.socket_id, []).append(processor)
    return found


def find_cores(processors: Iterable[Processor]) -> dict[object, list[Processor]]:
    """Return the CPUs (threads) of each core; a CPU whose core is unknown counts as one."""
    found: dict[object, list[Processor]] = {}
    for one in processors:
        key: object = one.number
        if one.core_first_cpu is not None:
            key = one.core_first_cpu
        elif one.core_id is not None:  # a driver of another distribution
            key = (one.drawer_id, one.book_id, one.socket_id, one.die_id, one.core_id)
        found.setdefault(key, []).append(one)
    return found


def draw_packages(processors: Sequence[Processor], style: Style) -> list[str]:
    """Return the lines of the tree; none for a single CPU, and none if no CPU's socket is known."""
    sockets = group_by_socket(processors)
    if len(processors) < 2 or set(sockets) == {None}:
        return []
    rows: list[tuple[int, str]] = []
    for number in sorted(sockets, key=lambda one: -1 if one is None else one):
        socket = sockets[number][0].socket_id
        name = "socket unknown" if number is None else f"socket {socket}" if socket is not None else "socket"
        rows += _describe_socket(name, sockets[number], style)
    offline = [one.number for one in processors if not one.is_online]
    if offline:
        rows.append((0, f"offline: CPU {ranges(offline)}"))
    return _draw_tree(rows, style)


def _describe_socket(name: str, cpus: list[Processor], style: Style) -> list[tuple[int, str]]:
    """Return depth and text of each line of one socket."""
    cores = find_cores(cpus)
    shapes: dict[Shape, list[Processor]] = {}
    for threads in cores.values():
        shapes.setdefault((len(threads), threads[0].kind), []).extend(threads)
    numbers = f"CPU {ranges([one.number for one in cpus])}"
    nodes = {one.numa_node for one in cpus if one.numa_node is not None}
    node = f"NUMA node {ranges(tuple(nodes))}" if nodes else None
    if len(shapes) == 1:
        text = _describe_cores(cores, next(iter(shapes)), style)
        return [(0, f"{name}: {text}, {join_present(numbers, node)}")]
    rows = [(0, f"{name}: {join_present(count(len(cores), 'core'), numbers, node)}")]
    for shape, members in shapes.items():
        text = _describe_cores(find_cores(members), shape, style)
        rows.append((1, f"{text}, CPU {ranges([one.number for one in members])}"))
    return rows


def _describe_cores(cores: Mapping[object, list[Processor]], shape: Shape, style: Style) -> str:
    threads, kind = shape
    name = f"{kind} core" if kind else "core"
    return f"{count(len(cores), name)} {style.times} {count(threads, 'thread')}"


def _draw_tree(rows: list[tuple[int, str]], style: Style) -> list[str]:
    lines = []
    for at, (depth, text) in enumerate(rows):
        following = [level for level, _ in rows[at + 1 :]]
        is_last = next((level for level in following if level <= depth), -1) != depth
        rail = (style.bar if 0 in following else style.gap) if depth else ""
        lines.append("    " + rail + (style.last if is_last else style.fork) + text)
    return lines
