"""A DHCP server for one address, RFC 2131: ``python -m tests.support.dhcp_server LINK ADDRESS SERVER [DELAY]``."""

from __future__ import annotations

import socket
import sys
import time

DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
COOKIE = b"\x63\x82\x53\x63"


def message_type(request: bytes) -> int:
    at = request.find(b"\x35\x01", 240)
    return request[at + 2] if at >= 0 else 0


def reply(request: bytes, kind: int, address: str, server: str) -> bytes:
    packed = socket.inet_aton(server)
    options = bytes((53, 1, kind, 54, 4)) + packed + bytes((51, 4)) + (600).to_bytes(4, "big")
    options += bytes((1, 4, 255, 255, 255, 0, 3, 4)) + packed + b"\xff"
    head = bytes((2, 1, 6, 0)) + request[4:8] + bytes(2) + b"\x80\x00" + bytes(4) + socket.inet_aton(address) + packed
    return head + bytes(4) + request[28:44] + bytes(192) + COOKIE + options


def main(link: str, address: str, server: str, delay: str = "0") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
        sock.bind(("", 67))
        while True:
            request = sock.recv(2048)
            kind = {DISCOVER: OFFER, REQUEST: ACK}.get(message_type(request))
            if kind is not None:
                time.sleep(float(delay))
                sock.sendto(reply(request, kind, address, server), ("255.255.255.255", 68))


if __name__ == "__main__":
    main(*sys.argv[1:])
