"""The pair of links to a broker's management node, as proton's objects."""

from __future__ import annotations

from typing import Any

from ..amqp.proton_library import load_proton
from .connection_actions import Request

ADDRESS = "/management"
LINK_NAME = "management-link-pair"
_CREDIT = 100
_MAX_TEXT = 300


class ManagementLink:
    """Sends requests, in order, and decodes their responses; a broker that has not given credit yet is waited for."""

    def __init__(self, connection: Any) -> None:
        """Open a session with the pair of links, which have one name."""
        proton = load_proton()
        self.session: Any = connection.session()
        self.session.open()
        self._sender, receiver = self.session.sender(LINK_NAME), self.session.receiver(LINK_NAME)
        self._sender.target.address = receiver.source.address = ADDRESS
        for link in (self._sender, receiver):
            link.source.address = link.target.address = ADDRESS
            link.snd_settle_mode = proton.Link.SND_SETTLED
            link.properties = {proton.symbol("paired"): True}
            link.open()
        receiver.flow(_CREDIT)
        self._waiting: list[Request] = []

    def owns(self, link: Any) -> bool:
        """Whether a link is one of the pair."""
        return bool(link.session == self.session)

    def send(self, request: Request) -> None:
        """Send a request, as soon as the broker gives credit."""
        self._waiting.append(request)
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the credit goes."""
        while self._waiting and self._sender.credit > 0:
            request = self._waiting.pop(0)
            message = load_proton().Message(
                id=request.number, address=request.path, subject=request.method, reply_to="$me", body=request.body
            )
            delivery = self._sender.delivery(str(request.number))
            self._sender.stream(message.encode())
            self._sender.advance()
            delivery.settle()

    def receive(self, link: Any, delivery: Any) -> tuple[int, int, str]:
        """Return a response: the number of its request, its HTTP status, and the text of an error."""
        message = load_proton().Message()
        message.decode(link.recv(delivery.pending) or b"")
        link.advance()
        delivery.settle()
        link.flow(1)
        number, status = message.correlation_id, message.subject
        is_valid = isinstance(number, int) and isinstance(status, str) and status.isascii() and status.isdecimal()
        if not is_valid:
            return 0, 0, ""
        return number, int(status[:3]), message.body[:_MAX_TEXT] if isinstance(message.body, str) else ""
