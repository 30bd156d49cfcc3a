"""The agent of one node: what ``hostinfo agent`` runs."""

from .classes import CLASSES, PACKAGE
from .events import EVENTS
from .journal import Journal
from .service import Service
from .settings import CommandLine, Settings, settings

__all__ = ["CLASSES", "EVENTS", "PACKAGE", "CommandLine", "Journal", "Service", "Settings", "schema_text", "settings"]


def schema_text() -> str:
    """Return the schema in QMF's XML format."""
    from ..qmf import schema_xml

    return schema_xml(PACKAGE, [*CLASSES, *EVENTS.values()])
