"""The row of the sample driver. It imports the driver only when that is opened: rows are loaded at every start."""

from hostinfo.driver import Driver
from hostinfo.driver_factory import DriverFactory


def open_driver(uri: str | None) -> Driver:
    """Open the machine that the URI names."""
    from tests.support.sample_driver import MACHINES

    name, _, argument = (uri or "").partition(":")[2].partition("/")
    return MACHINES[name](argument)


SAMPLE = DriverFactory(name="sample", schemes=("sample",), open=open_driver)


def factories(uri: str) -> tuple[DriverFactory, ...]:
    """Return what the registry returns for the URI."""
    return (SAMPLE.for_uri(uri),)
