"""What a new user does, in a real browser with real files: from a zip to a test score, through reloads and crashes."""

from __future__ import annotations

import io
import os
import re
import signal
import time
import zipfile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tlcore.runs import Run, Studio

COLOURS = {"apple": (190, 40, 40), "leaf": (40, 150, 60), "sea": (40, 70, 180)}
LONG_MS = 180_000


def zipped(seed: int, per_class: int = 30) -> bytes:
    """Three classes of noisy colours, and one file that is no image."""
    noise = np.random.default_rng(seed)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, colour in COLOURS.items():
            for i in range(per_class):
                pixels = (np.array(colour) + noise.normal(0, 40, (48, 64, 3))).clip(0, 255).astype(np.uint8)
                picture = io.BytesIO()
                Image.fromarray(pixels).save(picture, "PNG")
                archive.writestr(f"things/{name}/{i}.png", picture.getvalue())
        archive.writestr("things/apple/broken.png", b"not an image")
    return file.getvalue()


def open_page(page: Page, name: str) -> None:
    """Through the navigation, as a user does: once the page before it has come to rest, for Streamlit may lose a click
    on a page that it is drawing."""
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=LONG_MS)
    page.get_by_role("link", name=name, exact=True).first.click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=LONG_MS)


def bring(page: Page, seed: int) -> None:
    """Drop a zip on the Data page and wait for its split. Each test has its own `seed`: what another brought is shown
    before this one is there."""
    open_page(page, "Data")
    page.locator("input[type=file]").first.set_input_files(
        {"name": f"things {seed}.zip", "mimeType": "application/zip", "buffer": zipped(seed)}
    )
    expect(page.get_by_text(f"Source: things {seed}.zip")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("63 / 13 / 14")).to_be_visible(timeout=LONG_MS)


def start(page: Page, epochs: int) -> str:
    """Start a training of so many epochs from the Strategy page; returns the run's id."""
    open_page(page, "Strategy")
    field = page.locator(".st-key-epochs-feature_extraction input")
    field.fill(str(epochs))
    field.press("Enter")
    expect(page.get_by_text(f"{epochs * 4:,} in all", exact=False)).to_be_visible()
    page.locator(".st-key-start button").first.click()
    page.wait_for_url(re.compile(r"train\?run="))
    return page.url.partition("run=")[2]


def until(server: Server, run_id: str, condition) -> Run:
    """Wait for the store to say so."""
    studio, deadline = Studio(server.home), time.monotonic() + LONG_MS / 1000
    while not condition(run := studio.run(run_id)):
        assert time.monotonic() < deadline, f"{run.status}: {run.activity} {run.reason}\n{studio.log(run_id)}"
        time.sleep(0.1)
    return run


def status(page: Page, word: str, timeout: float = 10_000) -> None:
    """The badge on the Train page."""
    expect(page.locator(".st-key-run-heading")).to_contain_text(word, timeout=timeout)


def training(run: Run) -> bool:
    return run.epoch >= 3


@pytest.mark.timeout(400)
def test_from_a_zip_to_the_test_score(page: Page, server: Server):
    page.goto("/")
    bring(page, 0)
    page.get_by_text("1 note on this data").click()
    expect(page.get_by_text("broken.png").first).to_be_visible()
    run_id = start(page, epochs=700)
    until(server, run_id, training)
    status(page, "running")
    expect(page.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_visible()

    page.reload()
    status(page, "running")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    second = page.context.new_page()
    second.goto(f"{server.url}/train?run={run_id}")
    status(second, "running")
    second.close()

    run = until(server, run_id, lambda run: not run.live)
    assert run.status == "finished" and run.test_accuracy > 0.9
    status(page, "finished")
    numbers = page.locator(".st-key-run-numbers")
    expect(numbers.get_by_text("Test accuracy")).to_be_visible()
    expect(numbers.get_by_text(re.compile(rf"{100 * run.test_accuracy:.1f}\s?%")).first).to_be_visible()
    expect(page.locator(".st-key-results-card").get_by_text("macro-F1", exact=False).first).to_be_visible()


@pytest.mark.timeout(400)
def test_a_run_survives_its_server_and_its_death_is_shown(page: Page, server: Server):
    page.goto("/")
    bring(page, 1)
    run_id = start(page, epochs=9000)
    before = until(server, run_id, training)
    server.kill()
    server.start()
    after = until(server, run_id, lambda run: run.step > before.step + 20)
    assert (after.status, after.pid) == ("running", before.pid)
    page.goto(f"{server.url}/train?run={run_id}")
    status(page, "running")
    os.kill(after.pid, signal.SIGKILL)
    status(page, "interrupted", 30_000)  # what a page that is still being drawn is told, it is told again after 10 s
    expect(page.get_by_text("SIGKILL").first).to_be_visible()
    assert page.get_by_text("Traceback").count() == 0


@pytest.mark.timeout(400)
def test_stop_is_answered_at_once_and_keeps_the_best(page: Page, server: Server):
    page.goto("/")
    bring(page, 2)
    run_id = start(page, epochs=9000)
    until(server, run_id, training)
    status(page, "running")
    page.locator(".st-key-stop button").first.click()
    run = until(server, run_id, lambda run: not run.live)
    assert run.status == "stopped" and run.report["epoch"] == run.best_epoch
    status(page, "stopped")
    expect(page.get_by_text(f"Epoch {run.best_epoch} was best on val").first).to_be_visible()

    before, steps = page.url, page.evaluate("history.length")
    open_page(page, "Compare")
    page.wait_for_url(re.compile("view=rank&dataset="))
    assert page.evaluate("history.length") <= steps + 2
    page.go_back()
    page.go_back()
    page.wait_for_url(before)
