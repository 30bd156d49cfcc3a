"""The driver that asks Xen itself: the truth of the machine in a Dom0 without libvirt, as root."""

from collections.abc import Callable
from functools import partial

from hostinfo.driver import Driver, Only, Opener
from hostinfo.fact import Fact, Notes
from hostinfo.model.cpu import Cpu
from hostinfo.model.memory import Memory
from hostinfo.model.numa import Numa
from hostinfo.model.statistics import Statistics

from ..sysfs.kernel import Kernel
from ..sysfs.role import DOM0, read_role

Ask = Callable[[str], bytes]
"""A question to Xen by its name (see privcmd.py); the answer's bytes."""
Connect = Callable[[], tuple[Ask, Callable[[], None] | None]]
"""Opens the way to Xen: how to ask, and how to close it."""
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .statistics import Ended

NAME = "xen"
GROUPS = frozenset({"cpu", "memory", "numa", "statistics"})


def openers(_uri: str | None) -> tuple[Opener, ...]:
    """For probing only: there is no URI of its own, for ``xen:///system`` is libvirt's."""
    from ..sysfs.live import live_kernel

    return (opener(live_kernel()),)


def opener(kernel: Kernel, connect: Connect | None = None) -> Opener:
    """The driver for this kernel, or for a recorded one with its answers, opened when it is first asked."""
    return Opener(name=NAME, open=partial(open_driver, kernel, connect or privcmd_connect), groups=GROUPS)


def open_driver(kernel: Kernel, connect: Connect) -> Driver | None:
    """Open the hypercalls; None where this is not a Dom0, Unavailable where it is and Xen can't be asked."""
    if read_role(kernel.tree) != DOM0:
        return None
    ask, close = connect()
    from .statistics import Ended

    return Driver(
        name=NAME,
        cpu=partial(read_cpu, ask),
        memory=partial(read_memory, kernel, ask),
        numa=partial(read_numa, ask),
        statistics=partial(read_statistics, kernel, ask, Ended()),
        close=close,
    )


def privcmd_connect() -> tuple[Ask, Callable[[], None]]:
    """The way to the Xen that this kernel runs on."""
    from .privcmd import Privcmd

    privcmd = Privcmd()
    return privcmd.ask, privcmd.close


def read_cpu(ask: Ask, only: Only) -> Fact[Cpu]:
    """Processors of the machine."""
    from . import machine

    notes = Notes(NAME, only)
    return notes.fact(machine.read_cpu(once(ask), notes))


def read_memory(kernel: Kernel, ask: Ask, only: Only) -> Fact[Memory]:
    """Memory of the machine, with the slots that the firmware tells."""
    from ..sysfs import dom0
    from . import machine

    notes = Notes(NAME, only)
    firmware = dom0.read_memory(kernel, only)
    notes.include(firmware, except_for=("total_bytes", "free_bytes", "page_bytes", "available_bytes"))
    if notes.wants("available_bytes"):
        notes.unsupported("available_bytes", "Xen", "it has no cache to give back: free_bytes is all that is available")
    return notes.fact(machine.read_memory(once(ask), notes, firmware.value))


def read_numa(ask: Ask, only: Only) -> Fact[Numa]:
    """NUMA nodes of the machine."""
    from . import machine

    notes = Notes(NAME, only)
    return notes.fact(machine.read_numa(once(ask), notes))


def read_statistics(kernel: Kernel, ask: Ask, ended: "Ended", only: Only) -> Fact[Statistics]:
    """Counters of the hypervisor, beside the Dom0's own."""
    from ..sysfs import statistics as kernel_statistics
    from . import statistics

    notes = Notes(NAME, only)
    own = kernel_statistics.read_in_dom0(kernel, only)
    if not notes.wants(*statistics.TOLD):
        return own
    notes.include(own, except_for=(*statistics.TOLD, "uptime_seconds"))
    if notes.wants("uptime_seconds"):
        notes.unsupported("uptime_seconds", "Xen", statistics.NO_UPTIME)
    return notes.fact(statistics.read_statistics(once(ask), notes, own, ended))


def once(ask: Ask) -> Ask:
    """The same, asking each question once: one read of a group needs some answers twice."""
    answered: dict[str, bytes] = {}

    def remembered(question: str) -> bytes:
        if question not in answered:
            answered[question] = ask(question)
        return answered[question]

    return remembered
