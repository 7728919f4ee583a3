"""The live channel: what a browser fetches each second of a run."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.pages.conftest import HOSTILE, Open, given, make_run, train
from tlcore.runs import Run, Studio
from ui import live
from ui.download import address as download
from ui.live import Feed, address, routes
from ui.train_view import View

VIEW = View(smoothing=0.8)


def ask(feed: Feed, run_id: str, view: View = VIEW, **changed: str) -> Response:
    """What the route answers to the page's own address, but for what is `changed` in it."""
    query = {key: value for key, (value,) in parse_qs(address(run_id, view).partition("?")[2]).items()} | changed
    scope = {"type": "http", "path_params": {"run": run_id}, "headers": [], "query_string": urlencode(query).encode()}
    return asyncio.run(feed.respond(Request(scope)))


def said(answer: Response) -> dict[str, Any]:
    """The answer's content."""
    assert answer.status_code == 200 and answer.headers["content-encoding"] == "gzip"
    return json.loads(gzip.decompress(bytes(answer.body)))


def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each question look at the run, however soon it comes."""
    monkeypatch.setattr(live, "FRESH_SECONDS", 0.0)


def test_it_hands_out_what_the_page_draws(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running", activity="epoch 3 of 4")
    train(studio, run, steps=25)
    at = open_page("train", run=run.id)
    drawn = {data["key"]: data for data in given(at) if "what" in data}
    fed = next(iter(drawn.values()))["feed"]
    answer = said(ask(Feed(), run.id))
    assert fed["address"] == address(run.id, VIEW) and fed["version"] == answer["version"]
    own = ("key", "src", "feed", "stamp")
    assert answer["charts"] == {
        key: {name: value for name, value in data.items() if name not in own} for key, data in drawn.items()
    }
    assert answer["progress"]["says"] == "Epoch 3 of 4 · step 25 of 40" and answer["live"]
    (line,) = [data for data in given(at) if "says" in data]
    assert line["state"] == answer["progress"]["state"] and ["Epoch", "3 / 4"] in answer["progress"]["numbers"]


def test_a_tab_that_nobody_looks_at_is_told_without_charts(studio: Studio) -> None:
    run, feed = make_run(studio, "Mine", status="running", eta=180.0), Feed()
    train(studio, run, steps=10)
    brief, whole = said(ask(feed, run.id, brief="1")), said(ask(feed, run.id))
    assert not brief["charts"] and whole["charts"]
    assert brief["progress"]["title"] == "● 25 % · Mine" and brief["version"] == whole["version"]


def test_an_address_that_no_page_gave_is_refused(studio: Studio) -> None:
    run, other, feed = make_run(studio, status="running"), make_run(studio, status="running"), Feed()
    foreign = parse_qs(address(other.id, VIEW).partition("?")[2])["sign"][0]
    for sign in ("", "0" * 64, "é", foreign, download(run.id).partition("=")[2]):
        assert ask(feed, run.id, sign=sign).status_code == 403
    assert ask(feed, run.id, spec=View(log=True).text()).status_code == 403
    assert not feed.answers


def test_a_run_that_is_not_there_is_said_so(studio: Studio) -> None:
    assert ask(Feed(), "0101-abcdef").status_code == 404


@pytest.mark.parametrize("zoom", ["[1]", "x", '{"a": 1}', '{"a": [1]}', '{"a": ["x", 2]}', "[" * 1500, "1" * 3000])
def test_a_zoom_that_is_none_is_refused(studio: Studio, zoom: str) -> None:
    assert ask(Feed(), make_run(studio, status="running").id, zoom=zoom).status_code == 400


def test_nothing_new_is_no_answer_and_each_change_is_one(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    now(monkeypatch)
    run, feed = make_run(studio, status="running"), Feed()
    train(studio, run, steps=5)
    version = said(ask(feed, run.id))["version"]
    assert ask(feed, run.id, have=version).status_code == 204
    train(studio, run, steps=6)
    newer = said(ask(feed, run.id, have=version))
    assert newer["version"] != version and newer["progress"]["says"].endswith("step 6 of 40")
    studio.store.note(run.id, "A word.")
    noted = said(ask(feed, run.id, have=newer["version"]))
    assert noted["progress"]["state"] != newer["progress"]["state"]
    studio.store.end(run.id, "finished", "Done.")
    assert not said(ask(feed, run.id, have=noted["version"]))["live"]


def test_who_holds_the_charts_is_told_how_they_grew(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    now(monkeypatch)
    run, feed = make_run(studio, status="running", epochs=100), Feed()
    steps(studio, run, 1, 3)
    held, whole, part = said(ask(feed, run.id)), 0, 0
    for first, last in ((4, 4), (5, 30), (31, 400), (401, 420), (421, 3000), (3001, 3003), (3004, 3500)):
        steps(studio, run, first, last)
        told, all_of_it = ask(feed, run.id, have=held["version"], part="1"), ask(feed, run.id)
        part, whole = part + len(told.body), whole + len(all_of_it.body)
        held = grown(held, said(told))
        assert held == said(all_of_it)
    assert part < 0.7 * whole
    assert ask(feed, run.id, have=held["version"], part="1").status_code == 204
    studio.store.rewind(run.id, 2000)
    steps(studio, run, 2001, 2002)
    told = ask(feed, run.id, have=held["version"], part="1")
    assert grown(held, said(told)) == said(ask(feed, run.id)), "a resumed run went back"
    held = said(told)
    for last in (2003, 2004):
        steps(studio, run, last, last)
        answer = ask(feed, run.id, have=held["version"], part="1")
    assert answer.body == ask(feed, run.id).body, "who missed one is told all"


def steps(studio: Studio, run: Run, first: int, last: int) -> None:
    """What a worker records of some steps."""
    points = [
        {"scope": "step", "step": step, "epoch": 1, "time": 1.0, "values": {"train_loss": 1 / step, "lr a": 1e-3}}
        for step in range(first, last + 1)
    ]
    studio.store.record(run.id, points, step=last, steps=10_000, epoch=1)


def grown(held: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """What the browser makes of an answer."""
    for key, chart in told["charts"].items():
        for trace in chart["traces"]:
            if same := trace.pop("same", 0):
                (before,) = [one for one in held["charts"][key]["traces"] if one["key"] == trace["key"]]
                trace["x"], trace["y"] = before["x"][:same] + trace["x"], before["y"][:same] + trace["y"]
    return told


def test_many_askers_share_one_look_and_one_answer(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FRESH_SECONDS", 60.0)
    looked, made = [], []
    look, content = live.look, live.content
    monkeypatch.setattr(live, "look", lambda run_id: looked.append(run_id) or look(run_id))
    monkeypatch.setattr(live, "content", lambda *about: made.append(about) or content(*about))
    run, feed = make_run(studio, status="running"), Feed()
    train(studio, run, steps=5)
    first = ask(feed, run.id)
    assert all(ask(feed, run.id).body == first.body for _ in range(4))
    assert len(looked) == len(made) == 1


def test_what_is_kept_is_bounded(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_ANSWERS", 3)
    run, feed = make_run(studio, status="running"), Feed()
    for end in range(5):
        ask(feed, run.id, zoom=json.dumps({"loss": [0, end]}))
    assert len(feed.answers) == 3 and len(feed.looks) == 1


def test_a_long_run_is_thinned_keeps_its_spike_and_is_drawn_closer_where_it_is_looked_at(studio: Studio) -> None:
    run = make_run(studio, status="running")
    points = [
        {"scope": "step", "step": step, "epoch": 1, "time": 1.0, "values": {"train_loss": 9.0 if step == 7777 else 1.0}}
        for step in range(1, 10_001)
    ]
    studio.store.record(run.id, points, step=10_000, steps=100_000, epoch=1)
    key = f"loss-plot-{run.id}"
    (trace,) = said(ask(Feed(), run.id, View()))["charts"][key]["traces"]
    assert len(trace["x"]) <= 2000 and trace["thinned"] and dict(zip(trace["x"], trace["y"], strict=True))[7777] == 9.0
    closer = said(ask(Feed(), run.id, View(), zoom=json.dumps({key: [5000, 5200]})))["charts"][key]["traces"][0]
    assert set(range(5000, 5201)) <= set(closer["x"])


def test_foreign_words_are_only_text(studio: Studio) -> None:
    for words in HOSTILE:
        run = make_run(studio, words, status="running", activity=words, dataset_name=words)
        train(studio, run, steps=3)
        studio.store.note(run.id, f"Phase {words!r} from epoch 1: 1 parameter trains.", level="phase", step=1)
        answer = ask(Feed(), run.id)
        assert answer.media_type == "application/json"
        told = said(answer)
        for chart in told["charts"].values():
            chart.pop("alt")  # an attribute, whatever it says
            assert "<b>" not in json.dumps(chart)
        assert f"phase {words}" in told["progress"]["says"]


def test_all_tabs_ask_just_after_the_same_full_second() -> None:
    for moment in (0.0, 0.3, 0.69, 0.75, 0.999):
        then = 1000.0 + moment + live._wait(1000.0 + moment)
        assert then % 1 == pytest.approx(live.AFTER_SECONDS) and then - 1000.0 - moment >= live.SOONEST_SECONDS


def test_the_server_has_the_route() -> None:
    assert [route.path for route in routes()] == ["/live/{run}"]
