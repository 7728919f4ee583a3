"""(h): how much slower a training is while five tabs watch it, and how late a step is on a screen.

What a tab shows is timed in Chromium. The pace is taken with tabs that ask for all that a page does and draw nothing
(`bench.watchers`): in life the drawing is done by other people's computers, so that only what is asked of the server
may cost the training anything. While nobody watches, they are held still.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright

from bench import material
from bench.timing import Row
from tests.browser import chromium
from tests.browser.conftest import Server
from tests.conftest import end_processes, free_port
from tlcore.runs import Studio
from tlcore.strategies import strategy
from tlcore.training import Recipe

__all__ = ["measure"]

TABS, WINDOW_SECONDS, PAIRS, SETTLE_SECONDS = 5, 10.0, 12, 2.0
RESAMPLES = 2_000
WATCHED = 10
"""Steps whose way to the screen is timed."""
LONGEST_SECONDS = 60.0
"""That they may take, all together."""
LEAST_ASKED = 0.8
"""Times a second that a tab asks, whatever the machine is busy with."""
STEP = re.compile(r"step ([\d,]+) of")


def measure(folder: Path) -> Iterator[Row]:
    """Pairs of a window without and one with tabs, each kind first in turn, over one training."""
    home = folder / "home"
    stored = material.stored(material.pictures(folder / "pictures", 224), home, 192, 32)
    studio = Studio(home)
    recipe = Recipe(
        dataset=stored.id,
        backbone="efficientnet_lite0",
        strategy=strategy("fine_tune"),
        epochs=10_000,
        batch_size=8,
    )
    paces, asked = {0: list[float](), TABS: list[float]()}, list[float]()
    server = Server(home=home, log=folder / "server.log", port=free_port())
    with ExitStack() as ends:
        ends.callback(end_processes, home)
        ends.callback(server.stop)
        server.start()
        run = studio.launch(recipe).id
        while studio.run(run).epoch < 2:
            assert studio.run(run).live, studio.run(run).reason
            time.sleep(0.5)
        with _page(f"{server.url}/train?run={run}") as page:
            late = sorted(_late(studio, run, page))
        watchers = ends.enter_context(_watchers(server.url, run))
        for number in range(PAIRS):
            for tabs in (0, TABS) if number % 2 else (TABS, 0):
                with _still(watchers) if tabs == 0 else _asking(watchers):
                    pace, share = _pace(studio, run, psutil.Process(server.process.pid))
                paces[tabs].append(pace)
                asked += [share] if tabs else []
        studio.stop(run)
    ratios = [watched / without for without, watched in zip(paces[0], paces[TABS], strict=True)]
    low, high = _spread(ratios)
    yield Row(claim="h", subject="a step of fine-tuning, nobody watches", seconds=1 / median(paces[0]))
    yield Row(
        claim="h",
        subject=f"the same, {TABS} tabs watch",
        seconds=1 / median(paces[TABS]),
        ratio=median(ratios),
        means=f"of the pace without; median of {PAIRS} pairs, 95 %: {low:.3f} to {high:.3f}",
        target=">= 0.98",
    )
    yield Row(
        claim="h",
        subject=f"the server's work for {TABS} tabs, in each second",
        seconds=median(asked),
        ratio=median(asked) / (os.cpu_count() or 1),
        means="of what the processors can do",
    )
    yield Row(claim="h", subject="from a step's row to the screen, median", seconds=median(late), target="<= 1.5 s")
    yield Row(claim="h", subject="the same, latest of ten", seconds=late[-1], target="<= 1.5 s")


def _spread(ratios: list[float]) -> tuple[float, float]:
    """95 % interval of the median, from resamples of the pairs."""
    draws = np.random.default_rng(0).choice(ratios, (RESAMPLES, len(ratios)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    return float(low), float(high)


@contextmanager
def _page(address: str) -> Iterator[Page]:
    """One tab of a real browser that has drawn the page."""
    found = chromium.find()
    if found is None:
        raise RuntimeError(chromium.missing())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(chromium.FLAGS), timeout=120_000)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address, wait_until="commit", timeout=120_000)
        page.locator(".js-plotly-plot .scatterlayer .trace").first.wait_for(timeout=240_000)
        yield page
        browser.close()


@contextmanager
def _watchers(url: str, run: str) -> Iterator[subprocess.Popen[str]]:
    """A process with so many tabs, which all have their page."""
    command = [sys.executable, "-m", "bench.watchers", url, run, str(TABS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert _answer(process) == "open", "no page came"
            yield process
        finally:
            process.kill()


def _answer(watchers: subprocess.Popen[str]) -> str:
    assert watchers.stdout
    return watchers.stdout.readline().strip()


@contextmanager
def _asking(watchers: subprocess.Popen[str]) -> Iterator[None]:
    """They ask; and if they did not ask as often as pages do, what was measured meanwhile is worth nothing."""
    time.sleep(SETTLE_SECONDS)
    before, begun = _fetched(watchers), time.monotonic()
    yield
    share = (_fetched(watchers) - before) / (TABS * (time.monotonic() - begun))
    assert share > LEAST_ASKED, f"a tab asked {share:.2f} times a second"


def _fetched(watchers: subprocess.Popen[str]) -> int:
    assert watchers.stdin
    watchers.stdin.write("\n")
    watchers.stdin.flush()
    return int(_answer(watchers).split()[0])


@contextmanager
def _still(watchers: subprocess.Popen[str]) -> Iterator[None]:
    """Nobody asks for anything; shorter than a socket waits for its peer."""
    watchers.send_signal(signal.SIGSTOP)
    time.sleep(SETTLE_SECONDS)
    yield
    watchers.send_signal(signal.SIGCONT)


def _pace(studio: Studio, run: str, server: psutil.Process) -> tuple[float, float]:
    """Steps a second over a window, and the seconds of processor time that the server takes in each."""
    from_time, spent, begun = time.time(), sum(server.cpu_times()[:2]), time.monotonic()
    time.sleep(WINDOW_SECONDS)
    asked = (sum(server.cpu_times()[:2]) - spent) / (time.monotonic() - begun)
    steps = [point for point in studio.points(run) if point.scope == "step" and point.time >= from_time]
    assert len(steps) > 1, f"{len(steps)} steps in {WINDOW_SECONDS:.0f} s: too few for a pace"
    # Between whole steps, for a window may hold so few that one more or less would be several per cent.
    return (steps[-1].step - steps[0].step) / (steps[-1].time - steps[0].time), asked


def _late(studio: Studio, run: str, page: Page) -> list[float]:
    """Seconds between the moment the worker wrote the step that the page shows and the moment the page showed it."""
    shown = page.get_by_text(STEP).first
    shown.wait_for(timeout=120_000)
    time.sleep(SETTLE_SECONDS)
    found: list[float] = []
    last, begun = _step(shown.inner_text()), time.monotonic()
    while len(found) < WATCHED:
        assert time.monotonic() - begun < LONGEST_SECONDS, f"{len(found)} of {WATCHED} steps came to the screen"
        step, now = _step(shown.inner_text()), time.time()
        if step != last:
            written = {point.step: point.time for point in studio.points(run) if point.scope == "step"}
            found += [now - written[step]] if step in written else []
            last = step
        time.sleep(0.02)
    return found


def _step(words: str) -> int:
    found = STEP.search(words)
    return int(found[1].replace(",", "")) if found else 0
