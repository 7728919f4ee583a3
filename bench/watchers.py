"""Tabs that ask for all that the Train page asks for, and draw nothing: `python -m bench.watchers URL RUN TABS`.

In life a browser draws on the computer of who watches. Here it would draw on the processors that train, and the two
cannot be told apart by priorities alone. These tabs hold their page's socket open, take what is sent, have parts of the
page run again when the page asks for that, and fetch what is new of the run as often as the answers say.
"""

from __future__ import annotations

import gzip
import http.client
import os
import re
import sys
import time
from dataclasses import dataclass, field
from threading import Event, Thread
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

__all__ = ["Tab", "main"]

LIVE = re.compile(rb"/live/[\w-]+\?[\w%.=&~*+-]+")
HAVE = re.compile(rb'"version":"([^"]*)"')
OPEN_SECONDS, MOST_BYTES = 120.0, 64 * 2**20
LEAST = 19
"""Priority: what they take themselves is to be what the training leaves."""


@dataclass(slots=True)
class Tab:
    """One person's page; its two threads end with the process."""

    url: str
    """Of the server."""
    run: str
    address: str = ""
    """Where what is new is fetched, as the page was told."""
    page: str = ""
    """As the server calls it, once it has said so."""
    fetched: int = 0
    """Answers, those without news among them."""
    taken: int = 0
    """Bytes of them, as they were sent."""
    parts: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By fragment of the page: every how many seconds it is run again, and when it is next, by the monotonic clock."""
    ready: Event = field(default_factory=Event)

    def open(self) -> None:
        """Ask for the page; wait until it is there, and go on watching.

        Raises:
            TimeoutError: the page did not name where the run is followed.
        """
        Thread(target=self._watch, daemon=True).start()
        if not self.ready.wait(OPEN_SECONDS):
            raise TimeoutError(f"{self.url} did not draw run {self.run} within {OPEN_SECONDS:.0f} s.")
        Thread(target=self._fetch, daemon=True).start()

    def _watch(self) -> None:
        """What the frontend does with its socket."""
        host = urlsplit(self.url).netloc
        with connect(f"ws://{host}/_stcore/stream", subprotocols=["streamlit"], max_size=MOST_BYTES) as socket:
            self._ask(socket, "")
            while True:
                due = min((then for _, then in self.parts.values()), default=time.monotonic() + OPEN_SECONDS)
                try:
                    self._take(bytes(socket.recv(max(0.0, due - time.monotonic()))))
                except TimeoutError:
                    self._again(socket)

    def _ask(self, socket: ClientConnection, fragment: str) -> None:
        asked = BackMsg()
        asked.rerun_script.query_string = f"run={self.run}"
        if self.page:
            asked.rerun_script.page_script_hash = self.page
        else:
            asked.rerun_script.page_name = "train"
        asked.rerun_script.fragment_id, asked.rerun_script.is_auto_rerun = fragment, bool(fragment)
        socket.send(asked.SerializeToString())

    def _take(self, sent: bytes) -> None:
        said = ForwardMsg.FromString(sent)
        if said.HasField("new_session"):
            self.page = said.new_session.page_script_hash
        if said.HasField("auto_rerun"):
            every = float(said.auto_rerun.interval)
            self.parts[said.auto_rerun.fragment_id] = (every, time.monotonic() + every)
        if found := LIVE.search(sent):
            self.address = found[0].decode()
        if said.HasField("script_finished") and self.address:
            self.ready.set()

    def _again(self, socket: ClientConnection) -> None:
        now = time.monotonic()
        for fragment, (every, then) in list(self.parts.items()):
            if then <= now:
                self.parts[fragment] = (every, now + every)
                self._ask(socket, fragment)

    def _fetch(self) -> None:
        """What the page's script does between."""
        host, have = http.client.HTTPConnection(urlsplit(self.url).netloc), ""
        while True:
            try:
                answer, body = _asked(host, f"{self.address}&have={have}{'&part=1' if have else ''}")
            except ConnectionError:
                # A connection that was silent for a while is closed; the next question opens another.
                host.close()
                continue
            if answer.status == 200:
                have = _version(body)
            self.fetched, self.taken = self.fetched + 1, self.taken + len(body)
            time.sleep(int(answer.headers["Next-Look"]) / 1000)


def _asked(host: http.client.HTTPConnection, address: str) -> tuple[http.client.HTTPResponse, bytes]:
    host.request("GET", address, headers={"Accept-Encoding": "gzip"})
    answer = host.getresponse()
    assert answer.status in (200, 204), f"{answer.status} from {address}"
    return answer, answer.read()


def _version(body: bytes) -> str:
    found = HAVE.search(gzip.decompress(body))
    assert found, "an answer without a version"
    return found[1].decode()


def main(url: str, run: str, tabs: str) -> None:
    """Open them, say so, and at each line that comes in say how much was fetched since."""
    os.nice(LEAST)
    opened = [Tab(url=url, run=run) for _ in range(int(tabs))]
    for tab in opened:
        tab.open()
    print("open", flush=True)
    for _ in sys.stdin:
        print(sum(tab.fetched for tab in opened), sum(tab.taken for tab in opened), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
