"""Send rtnetlink requests and wait for their acknowledgement, netlink(7)."""

from __future__ import annotations

import os
import socket
import sys
from errno import EIO, ETIMEDOUT
from time import monotonic

from hostinfo.drivers.sources.netlink.dump_socket import open_socket
from hostinfo.drivers.sources.netlink.message import NLMSG_ERROR, header, messages, parse_nested, parse_string

NLM_F_REQUEST, NLM_F_ACK = 0x1, 0x4
NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE = 0x100, 0x200, 0x400
NLM_F_ACK_TLVS = 0x200
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
NLMSGERR_ATTR_MSG = 1

DEADLINE_SECONDS = 30.0
"""Longest wait for one acknowledgement: the kernel answers when the change is made, and some drivers reset a NIC."""
SOURCE = "rtnetlink"


class RequestSocket:
    """A netlink socket for one request after another."""

    def __init__(self) -> None:
        self._socket = open_socket(SOURCE)
        self._sequence = 0
        for option in (NETLINK_CAP_ACK, NETLINK_EXT_ACK):
            self._socket.setsockopt(SOL_NETLINK, option, 1)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def request(self, kind: int, payload: bytes, flags: int = 0) -> None:
        """Send one request and wait until the kernel has carried it out.

        OSError: the kernel's error number, with the reason that it gives where it gives one. TimeoutError: no answer.
        """
        self._sequence += 1
        flags |= NLM_F_REQUEST | NLM_F_ACK
        head = header(sys.byteorder).pack(16 + len(payload), kind, flags, self._sequence, 0)
        deadline = monotonic() + DEADLINE_SECONDS
        self._socket.settimeout(DEADLINE_SECONDS)
        self._socket.sendto(head + payload, (0, 0))
        while not self._is_acknowledged(deadline):
            pass

    def _is_acknowledged(self, deadline: float) -> bool:
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError(ETIMEDOUT, f"no answer within {DEADLINE_SECONDS:.0f} s")
        self._socket.settimeout(left)
        data, sender = self._socket.recvfrom(64 * 1024, socket.MSG_TRUNC)
        if sender[0] != 0:  # any process may write to this socket; port 0 is the kernel
            return False
        for kind, flags, sequence, _, start, end in messages(data, SOURCE):
            if kind == NLMSG_ERROR and sequence == self._sequence:
                _raise(data[start:end], flags)
                return True
        return False


def _raise(payload: bytes, flags: int) -> None:
    """Raise the error of an acknowledgement; return if it is none."""
    if len(payload) < 4:
        raise OSError(EIO, "truncated acknowledgement")
    number = -int.from_bytes(payload[:4], sys.byteorder, signed=True)
    if number == 0:
        return
    text = os.strerror(number)
    if flags & NLM_F_ACK_TLVS:
        reason = parse_string(parse_nested(payload[20:], SOURCE).get(NLMSGERR_ATTR_MSG))
        text = f"{reason} ({text})" if reason else text
    raise OSError(number, text)
