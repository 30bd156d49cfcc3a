"""The contracts of drivers and actions as functions, for the tests of every implementation.

>>> from hostinfo.testing import check_actions, check_driver
>>> import hostinfo
>>> with hostinfo.open() as host:
...     check_actions(host.actions())
...     for driver in host.drivers():
...         check_driver(driver)
"""

from hostinfo.testing.action_contract import check_actions, check_irreversible, check_timed
from hostinfo.testing.driver_contract import check_driver
from hostinfo.testing.examples import IrreversibleExample, ReversibleExample, TimedExample
from hostinfo.testing.reversible_contract import check_reversible

__all__ = [
    "IrreversibleExample",
    "ReversibleExample",
    "TimedExample",
    "check_actions",
    "check_driver",
    "check_irreversible",
    "check_reversible",
    "check_timed",
]
