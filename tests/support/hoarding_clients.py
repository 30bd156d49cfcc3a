"""Clients of the embedded broker that request messages and never read, or begin messages and never end them."""

from __future__ import annotations

from typing import Any

import proton
from proton.utils import BlockingConnection

SESSIONS, LINKS = 8, 7
KEY = "hoard.all"


class HoardingClients:
    """Each has eight sessions with one receiver, all bound to one key of the topic exchange."""

    def __init__(self, url: str, topic: str, count: int) -> None:
        self._url, self._address = url, f"{topic}/{KEY}"
        self._clients = [self._connect() for _ in range(count)]

    def _connect(self) -> Any:
        client = BlockingConnection(self._url, timeout=20)
        links = []
        for number in range(SESSIONS):
            session = client.conn.session()
            session.open()
            link = session.receiver(f"hoard-{number}")
            link.source.address = self._address
            link.open()
            link.flow(1_000)
            links.append(link)
        client.wait(lambda: all(link.state & proton.Endpoint.REMOTE_ACTIVE for link in links))
        return client

    def fill(self, messages: int, size: int) -> None:
        """Send messages to all of them, until none of them is left."""
        sender: Any = BlockingConnection(self._url, timeout=60).create_sender(None)
        for _ in range(messages):
            try:
                sender.send(proton.Message(address=self._address, body=b"x" * size, ttl=60))
            except proton.utils.SendException:  # released: no receiver
                return


def send_parts_of_messages(url: str, topic: str, clients: int, size: int) -> list[Any]:
    """Return connections, each with 56 messages of which the end is missing; some may be closed by the broker."""
    found = []
    for number in range(clients):
        client = BlockingConnection(url, timeout=20)
        found.append(client)
        try:
            for session_number in range(SESSIONS):
                session = client.conn.session()
                session.open()
                for link_number in range(LINKS):
                    link = session.sender(f"{number}-{session_number}-{link_number}")
                    link.target.address = f"{topic}/{KEY}"
                    link.open()
                    client.wait(lambda link=link: link.credit > 0)
                    link.delivery(f"{session_number}-{link_number}")
                    link.stream(b"y" * size)
            client.wait(lambda: False, timeout=0.2)
        except (proton.Timeout, proton.ConnectionException):
            continue
    return found
