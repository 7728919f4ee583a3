"""A ranking: real scores of packaged backbones on few samples, kept one by one, and its words on ties and time."""

from dataclasses import replace

import numpy as np
import pytest

from tests.advisor.made import dataset
from tlcore.data import add_sample
from tlcore.errors import RecipeError
from tlcore.runs import jobs, ranking
from tlcore.runs.ranking import Score, Standing, alike, begin, candidates, left, question, standings, stop
from tlcore.zoo import backbone

LITE0, MINILM, RESNET = backbone("efficientnet_lite0"), backbone("minilm"), backbone("resnet18")


@pytest.fixture(autouse=True)
def quiet(monkeypatch, tmp_path):
    """Nobody starts what is asked; no weights but the packaged ones; no time goes into latencies."""
    monkeypatch.setattr("tlcore.runs.launcher.ring", lambda home: None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr("tlcore.runs.models.latency", lambda record, tick: 0.02)
    monkeypatch.setattr("tlcore.runs.models.busy", lambda: 0.0)


def worked(home, most=99):
    """Answer what waits, as children of the nursery do; returns how many."""
    found = jobs.waiting(home)[:most]
    for folder in found:
        (folder / "began").touch()
        jobs.work(home, folder)
    return len(found)


@pytest.fixture
def few(monkeypatch):
    """A score takes no time."""
    monkeypatch.setattr(ranking, "N_TRAIN", 24)
    monkeypatch.setattr(ranking, "N_VAL", 12)


def made(linear=0.8, n_val=96, name="efficientnet_lite0", **columns):
    """A score that nobody computed."""
    from tlcore.advisor.facts import wilson

    low, high = wilson(linear, n_val)
    usual = {
        "backbone": name, "linear": linear, "low": low, "high": high, "knn": 0.7, "chance": 0.1, "log_me": 0.2,
        "h_score": 5.0, "n_train": 400, "n_val": n_val, "all_train": 400, "all_val": n_val, "n_params": 3_000_000,
        "gflops": 0.4, "n_features": 1280, "latency": 0.02, "busy": 0.0, "seconds": 12.0, "embedding_seconds": 10.0,
        "fresh": 496,
    }  # fmt: skip
    return Score(**(usual | columns))


def standing(name, status, **columns):
    return Standing(record=backbone(name), status=status, **columns)


def test_texts_are_scored_once_and_the_score_is_kept(home, monkeypatch):
    data = add_sample("messages", home)
    assert [one.status for one in begin(data, [MINILM], home)] == ["waiting"]
    assert worked(home) == 1
    (one,) = standings(data, [MINILM], home)
    score = one.score
    assert (one.status, score.n_train, score.n_val, score.fresh) == ("done", 252, 54, 306)
    assert score.low < score.linear < score.high and score.linear >= 0.8 and score.knn >= 0.65
    assert 0 < score.h_score < 5 and np.isfinite(score.log_me) and score.latency == 0.02
    assert score.seconds > score.embedding_seconds > 0
    begin(data, [MINILM], home)
    assert worked(home) == 0, "it is known"
    monkeypatch.setattr("tlcore.runs.rating.LateEmbed.__call__", lambda self, x: pytest.fail("a feature was computed"))
    jobs.forget(home, "rank", question(data, MINILM, home))
    begin(data, [MINILM], home)
    worked(home)
    again = standings(data, [MINILM], home)[0].score
    assert again.stored and (again.linear, again.log_me) == (score.linear, score.log_me)


def test_a_large_split_is_looked_at_in_part_by_class_and_test_not_at_all(home, monkeypatch):
    monkeypatch.setattr(ranking, "N_TRAIN", 60)
    monkeypatch.setattr(ranking, "N_VAL", 30)
    data, seen = add_sample("messages", home), []
    monkeypatch.setattr("tlcore.runs.rating.judge", lambda *given: seen.append(given) or _judge(*given))
    begin(data, [MINILM], home)
    worked(home)
    score = standings(data, [MINILM], home)[0].score
    assert (score.n_train, score.all_train, score.n_val, score.all_val) == (60, 252, 30, 54)
    assert score.fresh == 90, "no other feature was computed, so none of test"
    _, y, _, y_val = seen[0]
    assert np.bincount(y).tolist() == [10] * 6 and np.bincount(y_val).tolist() == [5] * 6


def _judge(*given):
    from tlcore.advisor.probe import judge

    return judge(*given)


def test_a_backbone_without_weights_is_named_with_the_reason_and_never_scored(home):
    data = add_sample("digits", home)
    here = [record.name for record, weights in candidates(data, home) if weights.ready]
    assert here == ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"]
    (one,) = begin(data, [RESNET], home)
    assert one.status == "unusable" and "Training never starts from random weights" in one.words
    assert not jobs.waiting(home)
    about = question(data, RESNET, home)
    with pytest.raises(RecipeError, match="not on this machine"):
        from tlcore.runs.rating import rank

        rank(home, about, lambda share, words: None)


def test_one_that_fails_takes_none_with_it(home, few, monkeypatch):
    data = add_sample("messages", home)
    other = replace(MINILM, name="other", title="Other")
    monkeypatch.setattr("tlcore.runs.rating.backbone", lambda name: {"minilm": MINILM, "other": other}[name])
    monkeypatch.setattr("tlcore.runs.rating.h_score", lambda x, y: next(broken))
    broken = iter([])  # the first fails
    begin(data, [other, MINILM], home)
    worked(home, 1)
    monkeypatch.setattr("tlcore.runs.rating.h_score", lambda x, y: 1.0)
    worked(home)
    first, second = standings(data, [other, MINILM], home)
    assert (first.status, second.status) == ("done", "failed")
    assert second.words.startswith("Something unforeseen went wrong (StopIteration); jobs/")


def test_who_stops_keeps_what_is_done_and_goes_on_from_there(home, few):
    data = add_sample("messages", home)
    begin(data, [MINILM], home)
    worked(home)
    other = replace(MINILM, name="other", n_params=10**9)
    begin(data, [MINILM, other], home)
    stop(data, [MINILM, other], home)
    assert [one.status for one in standings(data, [MINILM, other], home)] == ["done", "new"]
    assert not jobs.waiting(home)
    assert [one.status for one in begin(data, [MINILM, other], home)] == ["done", "waiting"]


def test_cheap_ones_are_scored_first(home):
    data = add_sample("digits", home)
    records = [backbone(f"efficientnet_lite{n}") for n in (2, 0, 1)]
    begin(data, records, home)
    asked = [jobs.place(home, "rank", question(data, record, home)) for record in records]
    assert list(jobs.waiting(home)) == [asked[1], asked[2], asked[0]]


def test_what_does_not_fit_is_refused(home, tmp_path):
    messages = add_sample("messages", home)
    with pytest.raises(RecipeError, match="reads images, but the dataset 'Customer messages' holds texts"):
        begin(messages, [LITE0], home)
    with pytest.raises(RecipeError, match="needs samples in train and val; val has none"):
        begin(dataset(tmp_path, [(5, 0, 5), (5, 0, 5)]), [LITE0], tmp_path)


def test_those_whose_intervals_overlap_with_the_best_are_level():
    scores = [made(0.80, name="c"), made(0.92, name="a"), made(0.90, name="b"), made(0.5, name="d")]
    assert [score.backbone for score in alike(scores)] == ["a", "b", "c"]
    many = [replace(score, low=score.linear - 0.005, high=score.linear + 0.005) for score in scores]
    assert [score.backbone for score in alike(many)] == ["a"]


def test_the_time_that_is_left_comes_from_scores_made_here(home, monkeypatch):
    data = add_sample("messages", home)
    waits = standing("minilm", "waiting")
    assert left(data, [waits], home) is None, "nothing is known yet"
    n, work = 306, MINILM.n_params / 1e7
    running = standing("minilm", "running", share=0.5, left=30.0)
    pace = 30.0 / work / n
    assert left(data, [running, waits], home) == pytest.approx(30 + ranking.ALWAYS_SECONDS + pace * work * n)
    known = [made(name="minilm", seconds=12.0, embedding_seconds=10.0, fresh=100)]
    monkeypatch.setattr(ranking, "_known", lambda home: known)
    assert left(data, [waits, waits], home) == pytest.approx(2 * (2.0 + 0.1 * n))
    assert ranking.expected(data, [MINILM, MINILM], home) == pytest.approx(2 * (2.0 + 0.1 * n))
