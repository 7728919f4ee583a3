"""(k): the pages over a store of 500 finished runs, and how long resampling a comparison takes.

Each run has its metrics, a report of ten classes and its answers on the 269 test samples of the digits. Server time is
that of a rerun of the script as Streamlit's own test harness runs it, the first one apart. In Chromium: a page from a
click in an open tab until its last card and its first chart are painted, by the tab's own clock, and, for whoever has a
fresh browser, from the address, which is mostly Streamlit's own script being loaded.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from bench import material
from bench.timing import Row, median_seconds, stopwatch
from tests.browser import chromium
from tests.browser.conftest import Server
from tests.conftest import end_processes, free_port
from tlcore.data import Dataset, add_sample
from tlcore.evaluation.predictions import Predictions, keep
from tlcore.evaluation.significance import resampled
from tlcore.reporting import document
from tlcore.runs import Studio, run_folder
from tlcore.runs.comparison import compare
from tlcore.training import Recipe
from tlcore.zoo import Head

__all__ = ["fill", "measure"]

RUNS, EPOCHS, STEPS, TIMES = 500, 20, 100, 5
N_CLASSES = 10
BACKBONES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
COMPARED = 8
N, RESAMPLES, ANSWERERS = 10_000, 2_000, 2
TARGET, PAUSE_MS = "< 1 s", 1500
PAGES: Mapping[str, str] = {
    "compare": "[class*=st-key-runs-recipes-card]",
    "train": "[class*=st-key-results-card]",
    "home": "[class*=st-key-recent-datasets]",
}
"""What the last of a page is, by which it has been drawn."""
CHARTS: Mapping[str, str] = {
    "compare": ".st-key-scores-card .js-plotly-plot",
    "train": ".st-key-curves-card .js-plotly-plot",
}
"""A page's first chart; the ones below are drawn when they come into sight."""
TURN = """selectors => {
  window.turn = new Promise((done) => {
    let begun = null;
    addEventListener("click", (event) => { begun = event.timeStamp; }, { capture: true, once: true });
    const watch = new MutationObserver(() => {
      if (begun === null || !selectors.every((selector) => document.querySelector(selector))) return;
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => done((performance.now() - begun) / 1000)));
    });
    watch.observe(document.body, { subtree: true, childList: true, attributes: true });
  });
}"""
"""Seconds from the next click until the frame that has everything, as the tab sees it."""


def measure(folder: Path) -> Iterator[Row]:
    """Resampling, then the pages."""
    labels, answers = _answers(N, ANSWERERS)
    seconds = median_seconds(lambda: resampled(labels, answers, N_CLASSES, resamples=RESAMPLES), TIMES)
    what = f"bootstrap of {ANSWERERS} models, {N:,} samples, {RESAMPLES:,} resamples"
    yield Row(claim="k", subject=what, seconds=seconds, target=TARGET)
    home = folder / "home"
    home.mkdir()
    ids = fill(home, RUNS)
    some = [Studio(home).store.run(one) for one in ids[:COMPARED]]
    yield Row(
        claim="k",
        subject=f"comparing {COMPARED} runs with intervals, 28 tests",
        seconds=median_seconds(lambda: compare(home, some), TIMES),
    )
    with stopwatch() as watch:
        size = len(document(home, ids[:COMPARED], author="bench").encode())
    yield Row(claim="k", subject=f"their report, {size / 2**20:.1f} MiB", seconds=watch.seconds)
    asked = {"compare": {"view": "runs", "runs": ",".join(ids[:3])}, "train": {"run": ids[0]}, "home": {}}
    yield from _reruns(home, asked)
    yield from _paints(home, asked, folder)


def fill(home: Path, n: int) -> list[str]:
    """Runs of one dataset with metrics, reports and answers, newest first; returns their ids."""
    studio, dataset = Studio(home), add_sample("digits", home)
    return [_run(studio, dataset, number) for number in range(n)][::-1]


def _run(studio: Studio, dataset: Dataset, number: int) -> str:
    recipe = Recipe(
        dataset=dataset.id, backbone=BACKBONES[number % len(BACKBONES)], epochs=EPOCHS, seed=number, head=Head()
    )
    run = material.queued(studio, dataset, recipe, run_id=f"run-{number:04d}", name=f"Run {number}")
    rows = dataset.rows("test")
    labels = dataset.labels()[rows]
    draw = np.random.default_rng(number)
    logits = draw.normal(size=(len(rows), N_CLASSES)).astype(np.float32)
    logits[np.arange(len(rows)), labels] += 4
    kept = Predictions(rows=rows, logits=logits, labels=labels, epoch=EPOCHS, dataset=dataset.id, split="test")
    keep(run_folder(studio.home, run.id), "test", kept)
    accuracy = float(kept.right.mean())
    studio.store.record(run.id, _points(number))
    studio.store.update(
        run.id,
        status="finished",
        host="elsewhere",
        started=time.time() - 60,
        finished=time.time(),
        best_epoch=EPOCHS,
        epoch=EPOCHS,
        step=EPOCHS * STEPS,
        steps=EPOCHS * STEPS,
        val_accuracy=accuracy,
        test_accuracy=accuracy,
        test_macro_f1=accuracy,
        report=_report(kept, dataset),
    )
    return run.id


def _points(seed: int) -> list[dict[str, Any]]:
    draw, now, out = np.random.default_rng(seed), time.time(), []
    for step in range(1, EPOCHS * STEPS + 1):
        place = {"step": step, "epoch": (step - 1) // STEPS + 1, "time": now + step / 10}
        loss = {"train_loss": 1 / step + 0.01 * float(draw.random()), "train_accuracy": 0.9}
        if step % 10 == 0:
            out.append({"scope": "step", "values": loss, **place})
        if step % STEPS == 0:
            out.append({"scope": "epoch", "values": loss | {"val_loss": 0.1, "val_accuracy": 0.9}, **place})
    return out


def _report(kept: Predictions, dataset: Dataset) -> dict[str, Any]:
    import torch

    from tlcore.evaluation.report import report

    labels, scores = torch.from_numpy(kept.labels), torch.from_numpy(kept.logits)
    return report(scores, labels, dataset.classes, split="test", epoch=EPOCHS)


def _answers(n: int, models: int) -> tuple[Any, Any]:
    draw = np.random.default_rng(0)
    labels = draw.integers(0, N_CLASSES, n)
    wrong = draw.random((models, n)) < 0.1
    return labels, np.where(wrong, draw.integers(0, N_CLASSES, (models, n)), labels)


def _reruns(home: Path, asked: Mapping[str, Mapping[str, str]]) -> Iterator[Row]:
    """The script alone, without a browser."""
    from streamlit.testing.v1 import AppTest

    os.environ["TLSTUDIO_HOME"] = str(home)
    for name, params in asked.items():
        at = AppTest.from_file(str(Path(__file__).parents[1] / "app.py"), default_timeout=60).run()
        if name != "home":
            at.switch_page(f"pages/{name}.py")
            for key, value in params.items():
                at.query_params[key] = value
            at.run()
        if at.exception:
            raise RuntimeError(at.exception[0].value)
        what = f"{name.capitalize()}, a rerun on the server, {RUNS} runs"
        yield Row(claim="k", subject=what, seconds=median_seconds(at.run, TIMES), target=TARGET)


def _paints(home: Path, asked: Mapping[str, Mapping[str, str]], folder: Path) -> Iterator[Row]:
    found = chromium.find()
    if found is None:
        raise RuntimeError(chromium.missing())
    server = Server(home=home, log=folder / "server.log", port=free_port())
    with ExitStack() as ends:
        ends.callback(end_processes, home)
        ends.callback(server.stop)
        server.start()
        playwright = ends.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=found, args=list(chromium.FLAGS), timeout=120_000)
        ends.callback(browser.close)
        yield from _turns(browser, server.url)
        for name, params in asked.items():
            query = "&".join(f"{key}={value}" for key, value in params.items())
            address = f"{server.url}/{'' if name == 'home' else name}?{query}"
            _paint(browser, address, name)
            seconds = median(_paint(browser, address, name) for _ in range(TIMES))
            yield Row(claim="k", subject=f"{name.capitalize()}, in a fresh browser", seconds=seconds)


def _turns(browser: Browser, url: str) -> Iterator[Row]:
    """Round the pages in one tab, which keeps Compare at its runs."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{url}/compare?view=runs")
    page.locator(PAGES["compare"]).first.wait_for(state="attached", timeout=120_000)
    taken: dict[str, list[float]] = {name: [] for name in ("home", "train", "compare")}
    for _ in range(TIMES + 1):
        for name, seconds in taken.items():
            page.evaluate(TURN, [PAGES[name], *([CHARTS[name]] if name in CHARTS else [])])
            page.get_by_role("link", name=name.capitalize(), exact=True).first.click()
            seconds.append(page.evaluate("window.turn"))
            page.wait_for_timeout(PAUSE_MS)
    context.close()
    for name, seconds in taken.items():
        what = f"{name.capitalize()}, from a click in an open tab, {RUNS} runs"
        yield Row(claim="k", subject=what, seconds=median(seconds[1:]), target=TARGET)


def _drawn(page: Page, name: str) -> None:
    """Wait for the last of a page and for its first chart."""
    page.locator(PAGES[name]).first.wait_for(state="attached", timeout=120_000)
    if name in CHARTS:
        page.locator(CHARTS[name]).first.wait_for(state="attached", timeout=120_000)


def _paint(browser: Browser, address: str, name: str) -> float:
    """Seconds from the address to the last of the page and its first chart, in a tab of a new person."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    with stopwatch() as watch:
        page.goto(address, wait_until="commit")
        _drawn(page, name)
    context.close()
    return watch.seconds
