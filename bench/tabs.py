"""(h): how much slower a training is while five tabs watch it, and how late a step is on a screen.

What a tab shows is timed in Chromium. The pace is taken with tabs that ask for all that a page does and draw nothing
(`bench.watchers`): in life the drawing is done by other people's computers, so that only what is asked of the server
may cost the training anything. While nobody watches, they are held still.

A pace over seconds is noisy where the processors themselves are now faster, now slower, as those of a virtual machine
are. What share of the time the training's threads had a processor, and how long they stood ready without one, does not
change with that; Linux counts both to the nanosecond.
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
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
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

TABS, WINDOW_SECONDS, PAIRS, SETTLE_SECONDS = 5, 8.0, 24, 1.0
GROWN = 300
"""Steps before the first window: charts are as long as they mostly are."""
PIXELS, BATCH = 128, 4
"""Small, for steps enough in a window."""
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
    stored = material.stored(material.pictures(folder / "pictures", 224), home, PIXELS, 32)
    studio = Studio(home)
    recipe = Recipe(
        dataset=stored.id,
        backbone="efficientnet_lite0",
        strategy=strategy("fine_tune"),
        epochs=10_000,
        batch_size=BATCH,
    )
    found: dict[int, list[Window]] = {0: [], TABS: []}
    server = Server(home=home, log=folder / "server.log", port=free_port())
    with ExitStack() as ends:
        ends.callback(end_processes, home)
        ends.callback(server.stop)
        server.start()
        run = studio.launch(recipe).id
        while studio.run(run).step < GROWN:
            assert studio.run(run).live, studio.run(run).reason
            time.sleep(0.5)
        with _page(f"{server.url}/train?run={run}") as page:
            late = sorted(_late(studio, run, page))
        watchers = ends.enter_context(_watchers(server.url, run))
        for number in range(PAIRS):
            for tabs in (0, TABS) if number % 2 else (TABS, 0):
                with _still(watchers) if tabs == 0 else _asking(watchers):
                    found[tabs].append(_window(studio, run, psutil.Process(server.process.pid)))
        studio.stop(run)
    alone, watched = found[0], found[TABS]
    pairs = list(zip(alone, watched, strict=True))
    yield Row(claim="h", subject="a step of fine-tuning, nobody watches", seconds=median(one.step for one in alone))
    yield Row(
        claim="h",
        subject=f"the same, {TABS} tabs watch",
        seconds=median(one.step for one in watched),
        **_told([one.step / other.step for one, other in pairs], "of the pace without"),
        target=">= 0.98",
    )
    yield Row(
        claim="h",
        subject=f"processor time of its threads in each second, {TABS} tabs watch",
        seconds=median(one.got for one in watched),
        **_told([other.got / one.got for one, other in pairs], "of what they have without"),
        target=">= 0.98",
    )
    waits = [other.wait - one.wait for one, other in pairs]
    yield Row(
        claim="h",
        subject="what they wait longer for a processor, in each second",
        seconds=median(waits),
        **_told(waits, "of the pace is lost by that at most"),
        target="<= 0.02",
    )
    asked = median(one.asked for one in watched) - median(one.asked for one in alone)
    yield Row(
        claim="h",
        subject=f"the server's work for {TABS} tabs, in each second",
        seconds=asked,
        ratio=asked / (os.cpu_count() or 1),
        means="of what the processors can do",
    )
    yield Row(claim="h", subject="from a step's row to the screen, median", seconds=median(late), target="<= 1.5 s")
    yield Row(claim="h", subject="the same, latest of ten", seconds=late[-1], target="<= 1.5 s")


def _told(values: list[float], means: str) -> dict[str, Any]:
    low, high = _spread(values)
    return {"ratio": median(values), "means": f"{means}; median of {len(values)} pairs, 95 %: {low:.3f} to {high:.3f}"}


def _spread(values: list[float]) -> tuple[float, float]:
    """95 % interval of the median, from resamples of the pairs."""
    draws = np.random.default_rng(0).choice(values, (RESAMPLES, len(values)))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Some seconds of a training."""

    step: float
    """Seconds that a step took. Of steps that follow another of their epoch: what is between epochs is no step."""
    got: float
    """Seconds of processor time in each that its threads had, all together."""
    wait: float
    """Seconds in each that they stood ready and had none."""
    asked: float
    """Seconds of processor time in each that the server took."""


def _window(studio: Studio, run: str, server: psutil.Process) -> Window:
    pid = studio.run(run).pid
    assert pid
    from_time, begun = time.time(), time.monotonic()
    before, spent = _scheduled(pid), sum(server.cpu_times()[:2])
    time.sleep(WINDOW_SECONDS)
    took = time.monotonic() - begun
    got, wait = (_scheduled(pid) - before) / took
    asked = (sum(server.cpu_times()[:2]) - spent) / took
    steps = [point for point in studio.points(run) if point.scope == "step" and point.time >= from_time]
    times = [later.time - one.time for one, later in pairwise(steps) if one.epoch == later.epoch]
    assert times, f"{len(steps)} steps in {WINDOW_SECONDS:.0f} s: too few for a pace"
    return Window(step=mean(times), got=got, wait=wait, asked=asked)


def _scheduled(pid: int) -> NDArray[np.float64]:
    """Seconds so far that the threads of a process had a processor, and that they were ready and had none."""
    stats = [path.read_text().split()[:2] for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return np.asarray(stats, dtype=np.float64).sum(axis=0) / 1e9


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
