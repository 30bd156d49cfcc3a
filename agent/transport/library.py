"""The one place that imports proton (python-qpid-proton, docs: qpid.apache.org/proton), and says what it lacks."""

import sys
from types import ModuleType

from hostinfo import Unavailable


def load() -> ModuleType:
    """Give the module `proton`; Unavailable naming the extra when it is not installed."""
    module = sys.modules.get("proton")
    if module is not None:
        return module
    try:
        import proton
    except ImportError as error:
        raise Unavailable("AMQP", f"python-qpid-proton is not usable ({error}): install hostinfo[agent]") from error
    found: ModuleType = proton
    return found


def lacking() -> tuple[str, ...]:
    """Say what this build of proton cannot do: it is silently built without TLS or Cyrus SASL where headers lack."""
    proton = load()
    faults = []
    if not proton.SSL.present():
        faults.append("TLS: proton was built without OpenSSL")
    if not proton.SASL.extended():
        faults.append("SCRAM, GSSAPI: proton was built without Cyrus SASL")
    return tuple(faults)
