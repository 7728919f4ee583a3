"""A real server and a real Chromium."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import end_processes, free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 15.0
WAIT_MS = 45_000
"""How long Playwright waits for an element before the test fails."""
LOG_LINES = 40
OUTCOME = pytest.StashKey[pytest.TestReport]()


@dataclass(kw_only=True)
class Server:
    """`streamlit run server.py` on a free port, with a home of its own."""

    home: Path
    log: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Of the home page, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and return once it answers."""
        command = [sys.executable, "-m", "streamlit", "run", "server.py", "--server.port", str(self.port)]
        environment = {**os.environ, "TLSTUDIO_HOME": str(self.home)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        self._wait()

    def stop(self) -> None:
        """Ask it to end, as Ctrl-C does; kill it if it does not."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a crash would: nothing of it gets to run again."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        """End it and start it again on the same port with the same home."""
        self.stop()
        self.start()

    def tail(self, lines: int = LOG_LINES) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._healthy():
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The server did not come up. Its log ({self.log}) ends with:\n{self.tail()}")
            time.sleep(0.05)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all browser tests; `restart` it, read its `url`, `home` and `log`."""
    folder = tmp_path_factory.mktemp("server")
    made = Server(home=folder / "home", log=folder / "server.log", port=free_port())
    made.home.mkdir()
    made.start()
    yield made
    made.stop()
    end_processes(made.home)


@pytest.fixture
def page(browser: Browser, server: Server, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Page]:
    """A tab with a profile of its own. `page.context.new_page()` is a second tab of the same person."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server.url)
    context.set_default_timeout(WAIT_MS)
    context.set_default_navigation_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    said: list[str] = []
    context.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    context.on("weberror", lambda error: said.append(f"uncaught: {error.error}"))
    yield context.new_page()
    outcome = request.node.stash.get(OUTCOME, None)
    if outcome is not None and outcome.failed:
        for number, tab in enumerate(context.pages, 1):
            picture = tmp_path / f"tab-{number}.png"
            tab.screenshot(path=picture, full_page=True)
            print(f"Tab {number} at {tab.url}: {picture}")
        print(f"The browser's console:\n{chr(10).join(said[-LOG_LINES:])}")
        print(f"The server's log ({server.log}):\n{server.tail()}")
    context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep how the test itself went, for `page` to look at when it is torn down."""
    report = yield
    if report.when == "call":
        item.stash[OUTCOME] = report
    return report
