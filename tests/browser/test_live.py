"""A run that others write, watched in a real browser: its feed moves charts and line, and its end is shown at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.pages.conftest import make_run, report, train
from tlcore.runs import LIVE, Studio

LONG_MS = 120_000
CHART = ".st-key-curves-card .js-plotly-plot"
RANGE = f"() => document.querySelector('{CHART}').layout.xaxis.range.map(Math.round)"
SEEN = f"() => document.querySelector('{CHART}').data.find((t) => t.uid === 'steps').x.length"
LAST = f"() => Math.max(...document.querySelector('{CHART}').data.find((t) => t.uid === 'steps').x)"


@pytest.fixture
def studio(server: Server) -> Iterator[Studio]:
    """The server's runs. Those that are live give a sign of life, as workers do: a slow machine takes none for dead."""
    made, ended = Studio(server.home), threading.Event()

    def beat() -> None:
        while not ended.wait(5.0):
            for run in made.store.runs(status=LIVE):
                made.store.update(run.id, where=LIVE, beat=run.beat + 1)

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    yield made
    ended.set()
    beating.join()


@pytest.mark.timeout(300)
def test_a_watched_run_grows_under_a_zoom_and_ends(page: Page, studio: Studio):
    run = make_run(studio, "Watched", epochs=4, status="running", activity="epoch 2 of 4", eta=60.0)
    train(studio, run, steps=15)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/live/" in request.url else None)
    page.goto(f"/train?run={run.id}")
    line = page.locator(".run-progress")
    expect(line).to_contain_text("Epoch 2 of 4 · step 15 of 40", timeout=LONG_MS)
    expect(page.locator(f"{CHART} .scatterlayer .trace").first).to_be_visible(timeout=LONG_MS)
    page.evaluate(f"() => Plotly.relayout(document.querySelector('{CHART}'), {{'xaxis.range': [3, 9]}})")
    chart = page.locator(CHART).first.element_handle()

    points = [{"scope": "step", "step": 16, "epoch": 2, "time": time.time(), "values": {"train_loss": 0.5}}]
    studio.store.record(run.id, points, step=16, eta=20.0)
    expect(line).to_contain_text("step 16 of 40")
    page.wait_for_function(f"({LAST})() === 16", timeout=LONG_MS)
    assert page.evaluate(RANGE) == [3, 9] and chart.evaluate("(div) => div.isConnected")
    told: list[str] = []
    page.on("response", lambda answer: told.append(answer.text()) if "&part=1" in answer.url and answer.ok else None)
    for last in (18, 24):
        points = [points[0] | {"step": step} for step in range(last - 1, last + 1)]
        studio.store.record(run.id, points, step=last)
        page.wait_for_function(f"({LAST})() === {last}", timeout=LONG_MS)
    assert page.evaluate(SEEN) == 16 + 4, "each point is there once"
    assert any('"same":18' in words for words in told), "the browser was told the ends of lines alone"
    assert page.evaluate(RANGE) == [3, 9] and chart.evaluate("(div) => div.isConnected")
    bar = line.get_by_role("progressbar")
    assert 0 < int(bar.get_attribute("aria-valuenow")) < 100
    assert "step 24 of 40" in bar.get_attribute("aria-valuetext")

    studio.store.note(run.id, "A word from the worker.")
    page.locator(".st-key-log summary").click()
    expect(page.locator(".st-key-log")).to_contain_text("A word from the worker.")
    assert page.evaluate(RANGE) == [3, 9] and chart.evaluate("(div) => div.isConnected")

    other = make_run(studio, "Another one", status="running")
    page.wait_for_timeout(4000)  # it is seen to begin
    studio.store.end(other.id, "finished", "Done.")
    expect(page.get_by_test_id("stToast")).to_contain_text("Another one is finished")
    assert page.evaluate(RANGE) == [3, 9] and chart.evaluate("(div) => div.isConnected")

    studio.store.update(run.id, report=report(["cats", "dogs"]), test_accuracy=0.9, test_macro_f1=0.875)
    studio.store.end(run.id, "finished", "Epoch 3 was best on val and is kept.")
    expect(page.locator(".st-key-run-heading")).to_contain_text("finished")
    expect(page.locator(".st-key-run-numbers").get_by_text("Test accuracy")).to_be_visible()
    expect(line).to_have_count(0)
    before = len(asked)
    page.wait_for_timeout(2500)
    assert before and len(asked) == before, "nobody asks any more"
    assert page.get_by_text("Traceback").count() == 0


@pytest.mark.timeout(300)
def test_without_the_route_the_page_itself_looks(page: Page, studio: Studio):
    run = make_run(studio, "Plain", epochs=4, status="running", activity="epoch 2 of 4", eta=60.0)
    train(studio, run, steps=15)
    page.route("**/live/**", lambda route: route.fulfill(status=200, content_type="text/html", body="<p>The app.</p>"))
    page.goto(f"/train?run={run.id}")
    expect(page.locator(f"{CHART} .scatterlayer .trace").first).to_be_visible(timeout=LONG_MS)
    points = [{"scope": "step", "step": 17, "epoch": 2, "time": time.time(), "values": {"train_loss": 0.5}}]
    studio.store.record(run.id, points, step=17)
    expect(page.locator(".run-progress")).to_contain_text("step 17 of 40", timeout=LONG_MS)
    page.wait_for_function(f"({LAST})() === 17", timeout=LONG_MS)
    studio.store.end(run.id, "finished", "Done.")
    expect(page.locator(".st-key-run-heading")).to_contain_text("finished")
