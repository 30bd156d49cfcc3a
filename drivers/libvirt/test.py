"""libvirt's mock hypervisor, ``test:///default``: the same paths without a machine, for trying things out."""

from functools import partial

from hostinfo.driver import Driver, Opener

from .daemon import Daemon

NAME = "libvirt-test"


def openers(uri: str | None) -> tuple[Opener, ...]:
    """The mock host that a ``test:`` URI names; never probed."""
    return (Opener(name=NAME, open=partial(_open, Daemon(uri or "test:///default"))),)


def _open(daemon: Daemon) -> Driver | None:
    from . import remote

    return remote.table(NAME, daemon, is_xen=False)
