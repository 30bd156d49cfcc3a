"""The console's commands on a terminal or in a pipe, to which they write through a `Screen`."""

from collections.abc import Sequence

from hostinfo import Unavailable

from ...qmf import QmfError
from ...transport import TransportOptions
from ..nodes import Unknown
from .asking import get, list_agents, schema
from .calling import call
from .following import events, watch
from .screen import Screen
from .session import DEFAULT_BROKER, EXIT_NO_DATA, EXIT_USAGE, Session, open_console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["DEFAULT_BROKER", "Screen", "run"]


def run(options: "Namespace", screen: Screen) -> int:
    """Run the command that the options name; give the exit status."""
    try:
        transport = TransportOptions(
            urls=tuple(options.broker or (DEFAULT_BROKER,)),
            name="hostinfo-console",
            domain=options.domain,
            address_scheme=options.address_scheme,
            ca=options.ca,
            certificate=options.certificate,
            key=options.key,
            user=options.user,
            password_file=options.password_file,
            keytab=options.keytab,
            mechanisms=tuple(options.mechanism or ()),
            allow_anonymous=options.allow_anonymous,
            allow_cleartext=options.allow_cleartext,
        )
        with open_console(transport) as console:
            session = Session(console, screen, transport.urls, options.seconds, options.filter or (), _nodes(options))
            return _dispatch(session, options)
    except (Unavailable, Unknown) as error:
        screen.print_error(f"console: {error}")
        return EXIT_NO_DATA
    except QmfError as error:
        screen.print_error(f"console: {error}")
        return EXIT_USAGE


def _nodes(options: "Namespace") -> Sequence[str]:
    return [options.target_node] if options.action == "call" else options.node or ()


def _dispatch(session: Session, options: "Namespace") -> int:
    wanted: Sequence[str] = [name for text in options.columns or () for name in text.split(",") if name]
    match options.action:
        case "list":
            return list_agents(session, wanted)
        case "get":
            return get(session, options.class_name, options.where or (), wanted)
        case "schema":
            return schema(session, options.class_name)
        case "call":
            return call(session, options.target, options.arguments, options.where or ())
        case "events":
            return events(session, options.during, options.count)
        case "watch":
            limits = (options.during, options.count)
            return watch(session, options.class_name, options.where or (), options.interval, limits)
    raise AssertionError(options.action)
