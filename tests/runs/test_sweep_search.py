"""What a sweep proposes and what it prunes: exact, seeded, and the same whenever it is asked."""

from dataclasses import replace

import pytest

from tlcore.errors import RecipeError
from tlcore.runs.sweeps import Axis, Plan, grid, recipe_of
from tlcore.runs.sweeps.estimate import Pace, estimate
from tlcore.runs.sweeps.halving import hopeless, rungs
from tlcore.runs.sweeps.proposals import Tried, propose
from tlcore.runs.sweeps.pruning import startup


def plan(*axes, strategies=("feature_extraction",), **changes):
    first = (Axis(name="backbone", values=("minilm",)), Axis(name="strategy", values=strategies))
    return Plan(**({"dataset": "d", "axes": (*first, *axes)} | changes))


def searched(made, score, most=100):
    """Proposals one after another, each scored before the next."""
    tried = []
    while len(tried) < most and (values := propose(made, tried)) is not None:
        tried.append(Tried(values=values, state="done", score=score(values)))
    return tried


def test_words_become_values_or_a_range():
    assert Axis.parse("head.hidden", "[128],[256,64]").values == ([128], [256, 64])
    assert Axis.parse("augmentation", "none, light").values == ("none", "light")
    lr = Axis.parse("lr", "1e-4..1e-2")
    assert (lr.log, lr.whole, lr.choices()) == (True, False, (1e-4, 1e-3, 1e-2))
    assert Axis.parse("batch_size", "8..24").choices() == (8, 16, 24)
    assert len(Axis.parse("lr", "1e-4..1e-2/5").choices()) == 5
    for words, said in (("1..x", "two numbers"), ("2..1", "goes up"), ("", "Nothing to try")):
        with pytest.raises(RecipeError, match=said):
            Axis.parse("lr", words)
    assert Axis.from_dict(lr.to_dict()) == lr


def test_a_grid_has_each_combination_once_and_no_option_where_it_means_nothing():
    made = plan(
        Axis(name="rank", values=(4, 8)), Axis(name="batch_size", values=(8, 16)),
        strategies=("feature_extraction", "lora"), method="grid",
    )  # fmt: skip
    found = grid(made)
    assert made.most() == len(found) == 2 + 4  # a frozen backbone has no rank
    assert all(("rank" in values) == (values["strategy"] == "lora") for values in found)
    assert [one.values for one in searched(made, lambda values: 0.5)] == list(found)
    assert Plan.from_dict(made.to_dict()) == made


def test_random_search_is_its_seeds_and_tries_nothing_twice():
    axes = Axis.parse("lr", "1e-4..1e-1"), Axis(name="batch_size", values=(8, 16))
    first, again, other = (
        [one.values for one in searched(plan(*axes, method="random", trials=8, seed=seed), lambda values: 0.5)]
        for seed in (3, 3, 4)
    )
    assert first == again != other and len(first) == 8
    small = plan(Axis(name="batch_size", values=(8, 16, 32)), method="random", trials=50)
    assert sorted(one.values["batch_size"] for one in searched(small, lambda values: 0.5)) == [8, 16, 32]


def test_tpe_finds_what_is_good_is_seeded_and_outlives_what_cannot_be_trained():
    made = plan(Axis.parse("lr", "1e-5..1e-1"), Axis(name="batch_size", values=(8, 16)), trials=30, seed=1)

    def score(values):
        import math

        return 1 - abs(math.log10(values["lr"]) + 3) / 4

    tried = searched(made, score)
    assert [one.values for one in tried] == [one.values for one in searched(made, score)]
    late = sum(one.score for one in tried[-10:]) / 10
    early = sum(one.score for one in tried[:5]) / 5
    assert len(tried) == 30 and late > early and late > 0.85
    wrong = Axis(name="batch_size", values=(16, 0))
    kept_away = plan(Axis.parse("lr", "1e-5..1e-1"), wrong, trials=20, seed=1)
    said: list[Tried] = []
    while (values := propose(kept_away, said)) is not None:
        bad = values["batch_size"] == 0
        said.append(Tried(values=values, state="failed" if bad else "done", score=0.0 if bad else score(values)))
    assert sum(one.state == "failed" for one in said[5:]) <= 4, "what cannot be trained is learned, too"
    mixed = [*tried[:6], Tried(values=tried[6].values, state="failed"), Tried(values=tried[7].values, state="live")]
    assert propose(made, [*mixed, Tried(values=tried[8].values, state="pruned", score=0.2, epoch=3)]) is not None


def test_a_trial_is_an_ordinary_recipe():
    made = plan(Axis(name="rates", values=(0.5,)), Axis(name="head.width", values=(0, 64)), method="grid")
    wide, flat = (recipe_of(made, {**grid(made)[0], "head.width": width}) for width in (64, 0))
    damp = Axis(name="head.dropout", values=(0.1,))
    one = plan(damp, Axis(name="head.width", values=(64,)), method="grid")
    assert recipe_of(one, grid(one)[0]).head.dropout == (0.1, 0.1), "one rate is that of every layer"
    none = plan(Axis(name="batch_size", values=(0,)), method="grid")
    assert str(estimate(none, {}, 1)) == "1 trial, none of which can be trained."
    assert (wide.strategy.lr, wide.head.hidden, flat.head.hidden, len(flat.head.dropout)) == (5e-4, (64,), (), 1)
    with pytest.raises(RecipeError, match="None of feature_extraction knows an option 'rank'"):
        plan(Axis(name="rank", values=(4,)))


def test_rungs_and_who_passes_them():
    assert rungs(30, 1, 3) == (1, 3, 9, 27)
    assert rungs(9, 1, 3) == (1, 3)
    shape = {"epochs": 9, "first": 1, "factor": 3}

    def curve(start, *scores):
        return [(epoch, start + epoch, score) for epoch, score in enumerate(scores, 1)]

    good, fair, bad = curve(0, 0.5, 0.7, 0.8), curve(10, 0.5, 0.6, 0.7), curve(20, 0.3)
    assert hopeless(fair, [good], **shape) is None, "two are too few to say anything"
    verdict = hopeless(bad, [good, fair], **shape)
    assert (verdict.rung, verdict.score, verdict.needed, verdict.kept, verdict.n) == (1, 0.3, 0.5, 1, 3)
    assert "Pruned after epoch 1: 30.0% of val were right, where the best one of 3 trials" in str(verdict)
    assert hopeless(fair, [good, bad], **shape) is None, "who came later does not count"
    assert hopeless(curve(20, 0.5), [good, fair], **shape) is None, "equal scores go on"
    late = hopeless(curve(20, 0.6, 0.6, 0.6), [good, fair], **shape)
    assert late.rung == 3 and late.needed == 0.8
    assert hopeless([], [good, fair], **shape) is None
    assert hopeless(curve(20, *[0.1] * 8), [good, fair], **shape) is None, "it is in its last epoch"
    for ends, said in (((5.0, 30.0), None), ((5.0, 21.0), verdict)):
        assert hopeless(bad, [good, fair], **shape, ends=ends, startup=2) == said, "two are whole when it comes there"
    assert [startup(plan(trials=trials)) for trials in (4, 10, 100)] == [2, 5, 5]


def test_an_estimate_pays_for_features_once_and_says_what_it_does_not_know():
    made = plan(Axis(name="batch_size", values=(8, 16, 32)), Axis(name="epochs", values=(10,)), method="grid")
    unknown = estimate(made, {}, 1)
    assert unknown.seconds is None and unknown.unknown == (("minilm", "feature_extraction"),)
    known = {("minilm", "feature_extraction"): Pace(per_epoch=0.5, once=40.0, measured="here")}
    found = estimate(made, known, 1)
    assert (found.trials, found.seconds, found.once) == (3, 3 * 10 * 0.5 + 40, 40)
    assert "3 trials, about 55 s in all, 40 s of it for features" in str(found)
    assert estimate(made, known, 2).seconds == found.seconds / 2
    whole = {pair: replace(pace, start=2.0, test=5.0) for pair, pace in known.items()}
    assert estimate(made, whole, 1).seconds == found.seconds + 3 * 2 + (2 + 5), "and the winner meets test"
    assert estimate(plan(*made.axes[2:], method="grid", budget=20.0), known, 1).capped
