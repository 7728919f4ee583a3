"""(h): how much slower a training is while five browser tabs watch it, and how late a step is on their screens.

The browser works at idle priority: in life it runs on other people's computers, so that only what it asks of the server
may cost the training anything.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from bench import material
from bench.timing import Row
from tests.browser import chromium
from tests.browser.conftest import Server
from tests.conftest import end_processes, free_port
from tlcore.runs import Studio
from tlcore.strategies import strategy
from tlcore.training import Recipe

__all__ = ["measure"]

TABS, WINDOW_SECONDS, TIMES, SETTLE_SECONDS = 5, 30.0, 4, 8.0
WATCHED = 10
"""Steps whose way to the screen is timed."""
STEP = re.compile(r"step ([\d,]+) of")


def measure(folder: Path) -> Iterator[Row]:
    """Windows without and with tabs in turn, over one training."""
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
    paces: dict[int, list[float]] = {0: [], TABS: []}
    server = Server(home=home, log=folder / "server.log", port=free_port())
    with ExitStack() as ends:
        ends.callback(server.stop)
        server.start()
        browser = ends.enter_context(_browser(folder))
        run = studio.launch(recipe).id
        while studio.run(run).epoch < 2:
            assert studio.run(run).live, studio.run(run).reason
            time.sleep(0.5)
        for _ in range(TIMES):
            for tabs in paces:
                paces[tabs].append(_pace(studio, run, browser, f"{server.url}/train?run={run}", tabs))
        late = sorted(_late(studio, run, browser, f"{server.url}/train?run={run}"))
        studio.stop(run)
    end_processes(home)
    without, watched = median(paces[0]), median(paces[TABS])
    yield Row(claim="h", subject="a step of fine-tuning, nobody watches", seconds=1 / without)
    yield Row(
        claim="h",
        subject=f"the same, {TABS} tabs watch",
        seconds=1 / watched,
        ratio=watched / without,
        means="of the pace without",
        target=">= 0.98",
    )
    yield Row(claim="h", subject="from a step's row to the screen, median", seconds=median(late), target="<= 1.5 s")
    yield Row(claim="h", subject="the same, latest of ten", seconds=late[-1], target="<= 1.5 s")


def _pace(studio: Studio, run: str, browser: Browser, address: str, tabs: int) -> float:
    """Steps a second over a window, with so many tabs open, each a person of its own."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 900}) for _ in range(tabs)]
    for context in contexts:
        page = context.new_page()
        page.goto(address)
        page.locator(".js-plotly-plot .scatterlayer .trace").first.wait_for(timeout=120_000)
    time.sleep(SETTLE_SECONDS)
    before, begun = studio.run(run).step, time.monotonic()
    time.sleep(WINDOW_SECONDS)
    pace = (studio.run(run).step - before) / (time.monotonic() - begun)
    for context in contexts:
        context.close()
    return pace


def _late(studio: Studio, run: str, browser: Browser, address: str) -> list[float]:
    """Seconds between the moment the worker wrote the step that the page shows and the moment the page showed it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(address)
    shown = page.get_by_text(STEP).first
    shown.wait_for(timeout=120_000)
    time.sleep(SETTLE_SECONDS)
    found: list[float] = []
    last = _step(shown.inner_text())
    while len(found) < WATCHED:
        step, now = _step(shown.inner_text()), time.time()
        if step != last:
            written = {point.step: point.time for point in studio.points(run) if point.scope == "step"}
            found += [now - written[step]] if step in written else []
            last = step
        time.sleep(0.02)
    context.close()
    return found


def _step(words: str) -> int:
    found = STEP.search(words)
    return int(found[1].replace(",", "")) if found else 0


@contextmanager
def _browser(folder: Path) -> Iterator[Browser]:
    found, idle = chromium.find(), shutil.which("chrt")
    if found is None or idle is None:
        raise RuntimeError(chromium.missing() if found is None else "This measurement needs chrt, of util-linux.")
    patient = folder / "chromium"
    patient.write_text(f'#!/bin/sh\nexec {idle} --idle 0 {found} "$@"\n')
    patient.chmod(0o755)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=patient, args=list(chromium.FLAGS), timeout=120_000)
        yield browser
        browser.close()
