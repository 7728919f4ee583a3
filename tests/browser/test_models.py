"""The Models page in a real browser: what only clicks on a canvas and on a chart can show."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tlcore.zoo import backbones

LONG_MS = 90_000
ROW = 35
"""Pixels of a table's row."""


def chosen(page: Page, name: str) -> None:
    """The model of the URL, and the heading of its card."""
    page.wait_for_url(re.compile(rf"models\?.*model={name}(&|$)"))
    title = next(record.title for record in backbones() if record.name == name)
    expect(page.locator(".st-key-model-head").get_by_role("heading", name=title, exact=True)).to_be_visible()


@pytest.mark.timeout(300)
def test_a_row_and_a_point_choose_a_model_and_a_link_keeps_it(page: Page, server: Server):
    page.goto("/models")
    table = page.locator(".st-key-models-table")
    expect(table.locator("canvas").first).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".st-key-models-scatter .points path").first).to_be_visible()
    place = table.bounding_box()
    page.mouse.click(place["x"] + ROW / 2, place["y"] + 1.5 * ROW)
    chosen(page, "efficientnet_lite0")
    expect(page.locator(".st-key-inspection-card .slice").first).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".st-key-inspection-card")).to_contain_text("1,280 features")

    point = page.locator(".st-key-models-scatter .trace").first.locator(".points path").first.bounding_box()
    page.mouse.click(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    chosen(page, "alexnet")
    page.locator(".st-key-compare-model button").click()
    page.wait_for_url(re.compile("compare=alexnet"))
    page.reload()
    chosen(page, "alexnet")
    expect(page.locator(".st-key-compared-alexnet")).to_be_visible()

    page.locator(".st-key-use-model button").click()
    expect(page.get_by_role("heading", name="Strategy", exact=True)).to_be_visible()
    assert page.get_by_text("Traceback").count() == 0
