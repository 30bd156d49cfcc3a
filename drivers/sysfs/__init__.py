"""The driver that reads the kernel: /proc, /sys, rtnetlink and the firmware's tables."""

import time
from dataclasses import replace
from functools import partial
from importlib import import_module

from hostinfo.driver import Driver, Only, Opener
from hostinfo.fact import Fact

from .kernel import Kernel
from .tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def openers(uri: str | None) -> tuple[Opener, ...]:
    """This kernel for None and ``sysfs:///``; the tree under DIR for ``sysfs:///DIR``."""
    root = "/"
    if uri is not None:
        from urllib.parse import unquote

        root = "/" + unquote(uri.partition("://")[2]).lstrip("/")
    return (Opener(name="sysfs", open=partial(_open_root, root)),)


def _open_root(root: str) -> Driver | None:
    return open_driver(Kernel(tree=Tree(root)))


def open_driver(kernel: Kernel) -> Driver | None:
    """Open the kernel's view; None where there is neither /proc nor /sys."""
    if not (kernel.tree.is_dir("proc") or kernel.tree.is_dir("sys")):
        return None
    return Driver(name="sysfs", cpu=partial(_read, "cpu", kernel))


def _sample(kernel: Kernel, before: list[float], only: Only) -> "Fact[Any]":
    """Statistics with the time since the sample before, which ``before`` remembers."""
    fact = _read("statistics", kernel, only)
    moment = time.monotonic()
    value = replace(fact.value, interval_seconds=moment - before[0]) if before else fact.value
    before[:] = [moment]
    return replace(fact, value=value)


def _read(group: str, kernel: Kernel, only: Only) -> "Fact[Any]":
    """Read a group with the module of its name, imported when it is first asked for: start-up counts."""
    fact: Fact[Any] = import_module(f".{group}", __package__).read(kernel, only)
    return fact
