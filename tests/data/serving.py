"""Files over HTTP from this machine, with ranges, and hanging up half way where that is asked."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What the server has, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    cut: bool = False
    """Whether it hangs up half way."""
    asked: list[str] = field(default_factory=list)
    address: str = ""


@contextmanager
def serving() -> Iterator[Served]:
    """A server as long as the block."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, found = self.path.partition("?")[0], re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
            served.asked.append(f"{path} {self.headers.get('Range', '')}".strip())
            content = served.files.get(path)
            if content is None:
                self.send_error(404)
                return
            start = int(found[1]) if found else 0
            self.send_response(206 if found else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start : len(content) // 2] if served.cut else content[start:])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    served.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
