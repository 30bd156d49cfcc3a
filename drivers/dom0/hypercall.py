"""The driver that asks Xen itself: the truth of the machine in a Dom0 without libvirt, as root."""

from collections.abc import Callable
from functools import partial

from hostinfo.driver import Driver, DriverFactory, RequestedFields
from hostinfo.fact import FactBuilder, GroupResult
from hostinfo.model.cpu import Cpu
from hostinfo.model.memory import Memory
from hostinfo.model.numa import Numa
from hostinfo.model.statistics import Statistics

from ..sources.sources import Sources
from ..sources.xen_role import DOM0, read_role

Ask = Callable[[str], bytes]
"""A question to Xen by its name (see privcmd.py); the answer's bytes."""
Connect = Callable[[], tuple[Ask, Callable[[], None] | None]]
"""Opens the way to Xen: how to ask, and how to close it."""
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .statistics import Ended

NAME = "xen"
GROUPS = frozenset({"cpu", "memory", "numa", "statistics"})


def factories(_uri: str | None) -> tuple[DriverFactory, ...]:
    """For probing only: there is no URI of its own, for ``xen:///system`` is libvirt's."""
    from ..sources.local import local_sources

    return (factory(local_sources()),)


def factory(sources: Sources, connect: Connect | None = None) -> DriverFactory:
    """The driver for this kernel, or for a recorded one with its answers, opened when it is first asked."""
    return DriverFactory(name=NAME, open=partial(open_driver, sources, connect or privcmd_connect), groups=GROUPS)


def open_driver(sources: Sources, connect: Connect) -> Driver | None:
    """Open the hypercalls; None where this is not a Dom0, Unavailable where it is and Xen can't be asked."""
    if read_role(sources.tree) != DOM0:
        return None
    ask, close = connect()
    from .statistics import Ended

    return Driver(
        name=NAME,
        cpu=partial(read_cpu, ask),
        memory=partial(read_memory, sources, ask),
        numa=partial(read_numa, ask),
        statistics=partial(read_statistics, sources, ask, Ended()),
        close=close,
    )


def privcmd_connect() -> tuple[Ask, Callable[[], None]]:
    """The way to the Xen that this kernel runs on."""
    from ..sources.hypercall.privcmd import Privcmd

    privcmd = Privcmd()
    return privcmd.ask, privcmd.close


def read_cpu(ask: Ask, fields: RequestedFields) -> GroupResult[Cpu]:
    """Processors of the machine."""
    from . import readers as machine

    builder = FactBuilder(NAME, fields)
    return builder.build(machine.read_cpu(once(ask), builder))


def read_memory(sources: Sources, ask: Ask, fields: RequestedFields) -> GroupResult[Memory]:
    """Memory of the machine, with the slots that the firmware tells."""
    from . import firmware as dom0
    from . import readers as machine

    builder = FactBuilder(NAME, fields)
    firmware = dom0.read_memory(sources, fields)
    builder.merge(firmware, except_for=("total_bytes", "free_bytes", "page_bytes", "available_bytes"))
    if builder.needs("available_bytes"):
        builder.unsupported(
            "available_bytes", "Xen", "it has no cache to give back: free_bytes is all that is available"
        )
    return builder.build(machine.read_memory(once(ask), builder, firmware.value))


def read_numa(ask: Ask, fields: RequestedFields) -> GroupResult[Numa]:
    """NUMA nodes of the machine."""
    from . import readers as machine

    builder = FactBuilder(NAME, fields)
    return builder.build(machine.read_numa(once(ask), builder))


def read_statistics(sources: Sources, ask: Ask, ended: "Ended", fields: RequestedFields) -> GroupResult[Statistics]:
    """Counters of the hypervisor, beside the Dom0's own."""
    from ..sysfs import statistics as kernel_statistics
    from . import statistics

    builder = FactBuilder(NAME, fields)
    own = kernel_statistics.read_in_dom0(sources, fields)
    if not builder.needs(*statistics.TOLD):
        return own
    builder.merge(own, except_for=(*statistics.TOLD, "uptime_seconds"))
    if builder.needs("uptime_seconds"):
        builder.unsupported("uptime_seconds", "Xen", statistics.NO_UPTIME)
    return builder.build(statistics.read_statistics(once(ask), builder, own, ended))


def once(ask: Ask) -> Ask:
    """The same, asking each question once: one read of a group needs some answers twice."""
    answered: dict[str, bytes] = {}

    def remembered(question: str) -> bytes:
        if question not in answered:
            answered[question] = ask(question)
        return answered[question]

    return remembered
