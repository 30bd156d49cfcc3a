"""A libvirt daemon's answers in a recording: one file a question, the documents as they are, all else as JSON."""

import json
from functools import partial

from hostinfo.driver import DriverFactory
from hostinfo.errors import ParseError

from ..dom0 import libvirt as xen
from ..sources.libvirt.client import Answer, Daemon, Replies
from ..sources.sources import Sources
from ..sources.xen_role import DOM0, read_role
from . import kvm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..dom0.hypercall import Connect
    from ..sources.recorded.reply_store import Tape

_DOCUMENTS = frozenset({"capabilities", "sysinfo"})
_URI = "libvirt/uri"
_NO_DAEMON = "no daemon"


def listening(uri: str | None, tape: "Tape", sources: Sources | None) -> tuple[DriverFactory, ...]:
    """The driver of this URI, or of this machine's daemon, each answer written down."""
    local = xen.LOCAL_URI if sources is not None and read_role(sources.tree) == DOM0 else kvm.LOCAL_URI
    if uri is None:
        if sources is None or (local == kvm.LOCAL_URI and not sources.tree.is_dir("sys/class/misc/kvm")):
            return ()
        if local == kvm.LOCAL_URI and not kvm.has_daemon():
            tape.keep(_URI, _NO_DAEMON.encode)
            return (kvm.absent_opener(),)
    elif not uri.startswith(("xen", "qemu")):
        return ()
    daemon = Daemon(uri or local)
    tape.keep(_URI, (uri or f"probe {local}").encode)
    from ..dom0.recording import listening_connect

    return _openers(uri or f"probe {local}", Replies(partial(_keep, tape, daemon)), sources, listening_connect(tape))


def replaying(tape: "Tape", sources: Sources) -> tuple[DriverFactory, ...]:
    """The same driver with the recorded answers."""
    if not tape.holds("libvirt"):
        return ()
    from ..dom0.recording import replaying_connect

    uri = tape.answer(_URI).decode("utf-8", "replace")
    if uri == _NO_DAEMON:
        return (kvm.absent_opener(),)
    return _openers(uri, Replies(partial(_answer, tape)), sources, replaying_connect(tape))


def _openers(uri: str, daemon: Replies, sources: Sources | None, connect: "Connect") -> tuple[DriverFactory, ...]:
    is_probe = uri.startswith("probe ")
    uri = uri.removeprefix("probe ")
    if uri.startswith("xen:///") and sources is not None:
        return (xen.factory(sources, daemon, connect),)
    if uri.startswith("xen"):
        return (xen.remote_opener(daemon),)
    return (kvm.guests_opener(daemon) if is_probe else kvm.factory(daemon),)


def _keep(tape: "Tape", daemon: Daemon, question: str) -> Answer:
    return _decoded(question, tape.keep(_name(question), lambda: _encoded(question, daemon.ask(question))))


def _answer(tape: "Tape", question: str) -> Answer:
    return _decoded(question, tape.answer(_name(question)))


def _name(question: str) -> str:
    return f"libvirt/{question}.{'xml' if question in _DOCUMENTS else 'json'}"


def _encoded(question: str, answer: Answer) -> bytes:
    text = str(answer) if question in _DOCUMENTS else json.dumps(answer, indent=1)
    return text.encode("utf-8", "surrogateescape")


def _decoded(question: str, reply: bytes) -> Answer:
    text = reply.decode("utf-8", "replace")
    if question in _DOCUMENTS:
        return text
    try:
        answer: Answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParseError(_name(question), f"not JSON: {error}") from error
    return answer
