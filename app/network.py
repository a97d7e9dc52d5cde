"""The addresses under which this machine stands on its networks, asked of the system itself."""

from __future__ import annotations

import array
import fcntl
import socket
import struct

from app.domain.address import Interface

_SIOCGIFCONF = 0x8912
_ENTRY = 40
"""Bytes of one `struct ifreq` of 64-bit Linux: 16 of name, then a `struct sockaddr_in`."""

_ENTRIES_MOST = 256


def interfaces() -> list[Interface]:
    """Every IPv4 address of this machine; empty where the system does not tell."""
    room = array.array("B", bytes(_ENTRY * _ENTRIES_MOST))
    place, size = room.buffer_info()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFCONF, struct.pack("iL", size, place))
        except OSError:
            return []
    written, content = struct.unpack("iL", answer)[0], room.tobytes()
    return [
        Interface(
            name=content[at : at + 16].partition(b"\0")[0].decode(errors="replace"),
            address=socket.inet_ntoa(content[at + 20 : at + 24]),
        )
        for at in range(0, written, _ENTRY)
    ]
