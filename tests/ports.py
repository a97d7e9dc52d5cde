"""A port for a server of a test's own."""

from __future__ import annotations

import secrets
import socket

_LOWEST, _NUMBER = 20_000, 12_000
"""Below those which the kernel hands out to whoever connects: between the choice and the start of
the server nobody else may get it."""


def free_port() -> int:
    """A port of the loopback address at which nobody listens; by chance, as tests run together."""
    while True:
        port = _LOWEST + secrets.randbelow(_NUMBER)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
