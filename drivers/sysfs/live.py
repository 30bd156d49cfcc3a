"""The running kernel with all that can be asked beside its files, each imported when it is first asked."""

from .kernel import Kernel
from .tree import Tree


def live_kernel() -> Kernel:
    """This machine's kernel."""
    return Kernel(tree=Tree("/"))
