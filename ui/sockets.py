"""The server's connections: what is written to a browser is sent at once."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

__all__ = ["lifespan", "send_at_once"]

OPEN_FILES = Path("/dev/fd")
"""Lists those of this process, on Linux and macOS."""


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """For the server's application: its socket listens already when this begins, and nobody is connected yet."""
    send_at_once()
    yield


def send_at_once() -> None:
    """Switch off Nagle's algorithm on all sockets that listen here; connections that they accept on Linux inherit that.

    Asyncio does so itself, but not where a server binds its socket beforehand, as Streamlit's does: each answer that is
    written in two pieces then waits 40 ms for the browser to confirm the first, see
    https://github.com/Kludex/uvicorn/issues/3149.
    """
    for number in [int(path.name) for path in OPEN_FILES.iterdir()] if OPEN_FILES.is_dir() else ():
        try:
            copy = os.dup(number)
        except OSError:  # it is closed since: the list itself was one
            continue
        try:
            found = socket.socket(fileno=copy)
        except OSError:  # no socket
            os.close(copy)
            continue
        with found:
            inet = found.family in (socket.AF_INET, socket.AF_INET6) and found.type == socket.SOCK_STREAM
            if inet and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
