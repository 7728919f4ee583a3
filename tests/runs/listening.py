"""A server on this machine that keeps what is posted to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Listener", "listening"]


@dataclass(kw_only=True)
class Listener:
    """What came, and how it is answered."""

    statuses: list[int] = field(default_factory=list)
    """Of the next answers; 200 when none is left."""
    came: list[dict[str, Any]] = field(default_factory=list)
    hold: threading.Event | None = None
    """Answers wait for it, if there is one."""
    url: str = ""
    location: str = ""
    """Where an answer with a status of 3xx leads."""


@contextmanager
def listening(**settings: Any) -> Iterator[Listener]:
    """Serve for the length of the block."""
    listener = Listener(**settings)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            listener.came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if listener.hold:
                listener.hold.wait(20)
            self.send_response(listener.statuses.pop(0) if listener.statuses else 200)
            if listener.location:
                self.send_header("Location", listener.location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    listener.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield listener
    finally:
        if listener.hold:
            listener.hold.set()
        server.shutdown()
        server.server_close()
