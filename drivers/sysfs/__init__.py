"""The driver that reads the kernel: /proc, /sys, rtnetlink and the firmware's tables."""

from functools import partial

from hostinfo.driver import Driver, Opener

from .kernel import Kernel
from .tree import Tree


def openers(uri: str | None) -> tuple[Opener, ...]:
    """This kernel for None and ``sysfs:///``; the tree under DIR for ``sysfs:///DIR``."""
    from urllib.parse import unquote

    root = "/" if uri is None else "/" + unquote(uri.partition("://")[2].lstrip("/"))
    return (Opener(name="sysfs", open=partial(open_driver, Kernel(tree=Tree(root)))),)


def open_driver(kernel: Kernel) -> Driver | None:
    """Open the kernel's view; None where there is neither /proc nor /sys."""
    if not (kernel.tree.is_dir("proc") or kernel.tree.is_dir("sys")):
        return None
    return Driver(name="sysfs")
