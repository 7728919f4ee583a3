"""The report: one file that asks no network for anything, in which whatever people named is text."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from tests.evaluation.test_predictions import made
from tests.pages.conftest import image_dataset, make_run, report, text_dataset, train
from tlcore.__main__ import main
from tlcore.data import Dataset
from tlcore.errors import RunError
from tlcore.evaluation.predictions import keep
from tlcore.reporting import document
from tlcore.runs import Run, Studio, run_folder

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
CLASSES = ("<script>alert(3)</script>", "dogs")


class Page(HTMLParser):
    """What the file would make a browser do: elements, addresses, and the text of its data."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.policy = self.data = ""
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.addresses += [str(given[name]) for name in ("src", "href", "action", "srcset") if name in given]
        self.handlers += [name for name in given if name.startswith("on")]
        self._in_data = given.get("id") == "figures"
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(given["content"])

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data += data


def scored(studio: Studio, dataset: Dataset, name: str, wrong: int, **recipe: int) -> Run:
    """A finished run that gave so many wrong answers on the dataset's test split."""
    run = make_run(studio, name, dataset=dataset.id, **recipe)
    train(studio, run, steps=40)
    rows = dataset.rows("test")
    labels = dataset.labels()[rows]
    answers = np.where(np.arange(len(rows)) < wrong, 1 - labels, labels)
    logits = np.eye(2, dtype=np.float32)[answers] * 3
    keep(run_folder(studio.home, run.id), "test", made(rows=rows, labels=labels, logits=logits, dataset=dataset.id))
    studio.store.update(
        run.id, status="finished", host="elsewhere", test_accuracy=0.9, report=report(dataset.classes), remark=HOSTILE
    )
    return studio.store.run(run.id)


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    return page


@pytest.fixture
def pair(home: Path) -> list[str]:
    studio, dataset = Studio(home), image_dataset(home, ("cats", "dogs"))
    record = home / "datasets" / dataset.id / "dataset.json"
    plain = json.loads(record.read_text()) | {"name": HOSTILE, "classes": list(CLASSES)}
    record.write_text(json.dumps(plain))
    renamed = Dataset.from_dict(plain, home)
    return [scored(studio, renamed, HOSTILE, 0).id, scored(studio, renamed, "two", 2, epochs=9).id]


def test_what_people_named_is_text_and_nothing_is_asked_of_a_network(home: Path, pair: list[str]) -> None:
    html = document(home, pair, author=HOSTILE)
    page = read(html)
    assert page.tags.count("script") == 3, "the data, Plotly and the report's own"
    assert page.handlers == [] and {"link", "iframe", "base", "object"}.isdisjoint(page.tags)
    assert page.addresses and all(one.startswith("data:image/jpeg;base64,") for one in page.addresses)
    styles = re.findall(r"<style>(.*?)</style>", html, re.S)
    assert styles and not any("url(" in one or "@import" in one for one in styles)
    assert page.policy.startswith("default-src 'none'; script-src 'sha256-") and "http" not in page.policy
    assert "unsafe" not in re.sub("style-src 'unsafe-inline'", "", page.policy)
    drawn = json.loads(page.data)
    assert "&lt;script&gt;" in json.dumps(drawn) and "<" not in page.data
    assert len(drawn["curve-val_accuracy"]["data"]) == 2


def test_a_comparison_says_who_what_and_by_how_much(home: Path, pair: list[str]) -> None:
    html = document(home, pair, author="Ada", now=0.0)
    assert "by Ada" in html and all(f"<code>{one}</code>" in html for one in pair)
    assert "2 samples only A had right, 0 only B" in html and "no difference shown" in html
    assert re.search(r"<code>epochs</code></th>\s*<td>4</td>\s*<td>9</td>", html)
    assert html.count("<figure>") == 2, "both samples on which they differ"
    assert "Test was used once" in html and "Device" in html


def test_confidences_are_those_of_the_fitted_temperature(home: Path, pair: list[str]) -> None:
    assert "fitted on val" not in document(home, pair, author="") and "95.3 %" in document(home, pair, author="")
    kept = {"temperature": 1.5, "epoch": 4, "n": 9, "ece_before": 0.2, "ece_after": 0.1}
    (run_folder(home, pair[1]) / "temperature.json").write_text(json.dumps(kept))
    html = document(home, pair, author="")
    assert "divided by the temperature fitted on val: two 1.50." in html
    assert "95.3 %" in html and "88.1 %" in html, "softmax of 3 and 0 as it is, and of 2 and 0"


def test_a_run_of_texts_shows_the_texts_it_has_wrong(home: Path) -> None:
    studio, dataset = Studio(home), text_dataset(home)
    run = scored(studio, dataset, "mine", 1)
    html = document(home, [run.id], author="")
    wrong = dataset.sample(int(dataset.rows("test")[0]))
    assert f"<blockquote>{wrong}</blockquote>" in html and "<h2>Mistakes</h2>" in html


def test_a_run_without_anything_kept_still_has_a_report(home: Path) -> None:
    run = make_run(Studio(home), "bare")
    assert "was deleted since" in document(home, [run.id], author="")
    with pytest.raises(RunError, match="A report needs a run"):
        document(home, [], author="")


def test_the_commands_write_it(home: Path, pair: list[str], capsys, monkeypatch) -> None:
    for words, key in ((["compare", *pair], "runs"), (["report", pair[0]], "run")):
        out = home / f"{key}.html"
        monkeypatch.setattr(sys, "argv", ["tlcore", *words, "--html", str(out), "--json"])
        with pytest.raises(SystemExit) as end:
            main()
        said = json.loads(capsys.readouterr().out)
        assert end.value.code in (0, None) and key in said
        assert said["bytes"] == out.stat().st_size > 4_000_000


def test_its_charts_are_drawn_with_the_network_off(
    home: Path,
    pair: list[str],
    browser: Browser,
) -> None:
    path = home / "report.html"
    path.write_text(document(home, pair, author=HOSTILE), encoding="utf-8")
    context = browser.new_context(offline=True, color_scheme="dark")
    tab, said, asked = context.new_page(), list[str](), list[str]()
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: said.append(dialog.message))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    tab.locator("[data-figure=curve-val_accuracy] .scatterlayer .trace").nth(1).wait_for()
    assert tab.locator("[data-figure]").count() == tab.locator("[data-figure].js-plotly-plot").count() == 6
    light = tab.locator("[data-figure=scores] .xtitle").evaluate("one => getComputedStyle(one).fill")
    tab.emulate_media(color_scheme="light")
    tab.wait_for_function(
        "was => getComputedStyle(document.querySelector('[data-figure=scores] .xtitle')).fill !== was", arg=light
    )
    sizes = "() => [...document.querySelectorAll('[data-figure]')].map((one) => one.clientHeight)"
    high = tab.evaluate(sizes)
    tab.set_viewport_size({"width": 500, "height": 900})
    tab.wait_for_function("() => document.querySelector('[data-figure=scores] .main-svg').clientWidth <= 500")
    assert tab.evaluate(sizes) == high, "a narrower window makes them no lower"
    tab.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    tab.wait_for_function("() => document.querySelector('[data-figure=scores] .main-svg').clientWidth === 680")
    context.close()
    assert said == [] and [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
