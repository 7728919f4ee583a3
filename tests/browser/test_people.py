"""Two tabs on one run, in a real browser: pause and resume from either, a name that a reload keeps, the tab's title."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.test_journey import bring, start, status, training, until

LONG_MS = 60_000


def press(page: Page, key: str) -> None:
    page.bring_to_front()
    page.locator(f".st-key-{key} button:visible").first.click(timeout=LONG_MS)


@pytest.mark.timeout(500)
def test_pause_and_resume_from_two_tabs(page: Page, server: Server):
    page.goto("/")
    press(page, "person")
    page.locator(".st-key-person-name input").fill("Ada")
    press(page, "person-save")
    expect(page.locator(".st-key-person").first).to_contain_text("Ada")
    page.keyboard.press("Escape")
    bring(page, 3)
    run_id = start(page, epochs=9000)
    assert until(server, run_id, training).user == "Ada"
    expect(page).to_have_title(re.compile("^● [0-9]+ % · "), timeout=LONG_MS)

    other = page.context.new_page()
    other.goto(f"{server.url}/train?run={run_id}")
    status(other, "running", LONG_MS)
    expect(other.locator(".st-key-person").first).to_contain_text("Ada")

    press(page, "pause")
    before = until(server, run_id, lambda run: run.status == "paused")
    expect(page.locator("[data-testid=stToast]").first).to_contain_text("is paused")  # goes by itself, so it is first
    for one in (page, other):
        status(one, "paused", LONG_MS)
        expect(one).to_have_title(re.compile("paused"), timeout=LONG_MS)

    press(other, "resume")
    after = until(server, run_id, lambda run: run.status == "running" and run.step > before.step)
    assert after.best_epoch is not None and after.pid != before.pid
    status(other, "running", LONG_MS)
    page.reload()
    status(page, "running", LONG_MS)
    press(page, "stop")
    run = until(server, run_id, lambda run: not run.live)
    assert run.status == "stopped" and run.report["epoch"] == run.best_epoch
    status(other, "stopped", LONG_MS)
    assert page.get_by_text("Traceback").count() + other.get_by_text("Traceback").count() == 0
