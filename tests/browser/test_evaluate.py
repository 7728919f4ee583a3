"""Evaluate in a real browser: a click on a cell of the confusion matrix shows those very samples, also on a phone."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.pages.conftest import image_dataset, make_run, picture, zipped
from tlcore.data import Dataset, ingest
from tlcore.evaluation.matching import match
from tlcore.evaluation.predictions import Predictions, keep
from tlcore.runs import Run, Studio, run_folder
from tlcore.runs.elsewhere import name_of

LONG_MS = 90_000
WRONG = 5
CELLS = ".st-key-evaluate-confusion .scatterlayer .trace:last-child .points path"


@pytest.fixture
def judged(server: Server) -> tuple[Run, Dataset, list[str]]:
    """A run that takes some cats of another dataset for dogs; that dataset; where those come from."""
    studio, own = Studio(server.home), image_dataset(server.home)
    files = {f"{name}/{i}.png": picture(400 + 20 * place + i) for place, name in enumerate(("dogs", "cats", "owls"))
             for i in range(12)}  # fmt: skip
    (server.home / "street.zip").write_bytes(zipped(files))
    other = ingest(server.home / "street.zip", server.home, name="street.zip")
    run = make_run(studio, "Judged", dataset=own.id, status="finished", best_epoch=2, val_accuracy=0.5)
    found, cats = match(own, other, "all"), own.classes.index("cats")
    wrong = np.flatnonzero(found.labels == cats)[:WRONG]
    said = found.labels.copy()
    said[wrong] = 1 - cats
    logits = (6 * np.eye(2)[said]).astype(np.float32)
    notes = {"epoch": 2, "dataset": other.id, "split": "all"}
    kept = Predictions(rows=found.rows, logits=logits, labels=found.labels, **notes)
    keep(run_folder(server.home, run.id), name_of(other.id, "all"), kept)
    return run, other, other.manifest()["origin"].iloc[found.rows[wrong]].tolist()


@pytest.mark.timeout(300)
def test_a_click_on_a_cell_shows_those_very_samples(page: Page, judged: tuple[Run, Dataset, list[str]]):
    run, other, origins = judged
    page.goto(f"/predict?run={run.id}&on={other.id}")
    cell = page.locator(CELLS).nth(1)  # the first row, cats, and the second column, dogs
    expect(cell).to_be_attached(timeout=LONG_MS)
    expect(page.locator(".st-key-scores-card")).to_contain_text("12 left out")
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(re.compile("true=0&answer=1"))
    card = page.locator(".st-key-confusion-card")
    expect(card).to_contain_text(f"{WRONG} of 24 samples are cats and were answered dogs.")
    tiles = card.locator(".tile")
    expect(tiles).to_have_count(WRONG)
    assert sorted(tile.get_attribute("title") for tile in tiles.all()) == sorted(origins)

    tiles.first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("cats")
    shown = dialog.get_by_role("img").first
    expect(shown).to_be_visible()
    assert 100 < shown.bounding_box()["height"] <= 400
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => document.querySelector('[role=dialog] img').getBoundingClientRect().right <= 390")
    assert page.get_by_text("Traceback").count() == 0
