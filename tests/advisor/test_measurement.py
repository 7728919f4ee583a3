"""Probe and advice on the packaged backbones, with few samples."""

import numpy as np
import pytest
import torch

from tests.advisor import pictures
from tests.advisor.made import dataset
from tlcore.advisor import advise
from tlcore.advisor.probe import drawn, judge, probe
from tlcore.data import SplitRatios, add_sample, ingest
from tlcore.errors import RecipeError
from tlcore.features.feeds import TensorFeeds
from tlcore.zoo import backbone

CPU = torch.device("cpu")
LITE0, MINILM = backbone("efficientnet_lite0"), backbone("minilm")


def clouds(n, seed, apart=3.0):
    """Three Gaussian clouds: (n, 8) and labels (n,)."""
    draw = np.random.default_rng(seed)
    y = np.arange(n) % 3
    centres = np.random.default_rng(99).normal(size=(3, 8)) * apart
    return (centres[y] + draw.normal(size=(n, 8))).astype(np.float32), y


def test_features_that_tell_the_classes_apart():
    found = judge(*clouds(60, 1), *clouds(30, 2))
    assert found.knn >= 0.9 and found.linear >= 0.9
    assert found.chance == pytest.approx(1 / 3)
    assert (found.n_train, found.n_val) == (60, 30)


def test_features_that_do_not():
    found = [judge(*clouds(300, seed, apart=0), *clouds(150, seed + 10, apart=0)) for seed in range(10)]
    assert np.mean([probe.linear for probe in found]) == pytest.approx(1 / 3, abs=0.05)
    assert sum(probe.interval[0] <= probe.chance for probe in found) >= 8


def test_chance_is_the_largest_class_of_val():
    x, y = clouds(30, 1)
    assert judge(x, y, x[:10], np.array([0] * 7 + [1] * 3)).chance == 0.7


def test_a_single_class_and_fewer_samples_than_neighbours():
    x, _ = clouds(3, 1)
    found = judge(x, np.ones(3, dtype=np.int64), *clouds(9, 2))
    assert found.linear == found.knn == pytest.approx(1 / 3)


def test_samples_are_drawn_by_the_seed():
    first = drawn(5_000, 1_000, 0, "train")
    assert len(first) == len(set(first.tolist())) == 1_000
    assert torch.equal(first, first.sort().values) and torch.equal(first, drawn(5_000, 1_000, 0, "train"))
    assert not torch.equal(first, drawn(5_000, 1_000, 1, "train"))
    assert drawn(3, 10, 0, "val").tolist() == [0, 1, 2]


def test_the_probe_reads_no_more_than_it_may(monkeypatch):
    monkeypatch.setattr("tlcore.advisor.probe.N_TRAIN", 50)
    splits = {name: tuple(map(torch.from_numpy, clouds(n, n))) for name, n in (("train", 90), ("val", 30), ("test", 9))}
    told = []
    found = probe(TensorFeeds(**splits), lambda x: x, tell=told.append)
    assert (found.n_train, found.n_val) == (50, 30)
    assert told == [50, 80]


def test_advice_on_english_messages(home):
    heard = []
    data = add_sample("messages", home)
    advice = advise(data, MINILM, home, device=CPU, tell=lambda text, share: heard.append((text, share)))
    assert advice.strategy == "feature_extraction" and advice.warnings == ()
    facts = advice.facts
    assert facts.similar and facts.gap == pytest.approx(1.23, abs=0.01)
    assert facts.probe.linear >= 0.8 and facts.probe.knn >= 0.65
    assert (facts.n_train, facts.n_classes, facts.probe.n_val, facts.image_size) == (252, 6, 54, None)
    shares = [share for _, share in heard]
    assert shares == sorted(shares) and (shares[0], shares[-1]) == (0.0, 1.0)
    assert heard[0][0] == "loading all-MiniLM-L6-v2"
    assert advise(data, MINILM, home, device=CPU) == advice


def test_advice_on_digits(home, tmp_path):
    data = ingest(
        pictures.class_folders(tmp_path / "digits", 24), home, split=SplitRatios(train=0.5, val=0.4, test=0.1)
    )
    advice = advise(data, LITE0, home, device=CPU)
    assert not advice.facts.similar and advice.facts.gap == pytest.approx(1.08, abs=0.06)
    assert (advice.facts.image_size, advice.facts.input_size, advice.facts.n_train) == (16, 224, 36)
    assert advice.facts.probe.separation >= 0.95, "0, 1 and 2 are easily told apart"
    assert advice.strategy == "feature_extraction"
    assert "frozen features already separate the classes" in advice.reason
    assert any("16 pixels" in text for text in advice.warnings)


def test_what_stops_the_telling_stops_the_work(home):
    class StopError(Exception):
        pass

    def tell(text, share):
        raise StopError

    with pytest.raises(StopError):
        advise(add_sample("messages", home), MINILM, home, device=CPU, tell=tell)


def test_what_does_not_fit_is_refused(home, tmp_path):
    with pytest.raises(RecipeError, match="reads texts, but the dataset 'made' holds images"):
        advise(dataset(home), MINILM, home, device=CPU)
    with pytest.raises(RecipeError, match="needs samples in train and val; val has none"):
        advise(dataset(tmp_path, [(5, 0, 5), (5, 0, 5)]), LITE0, tmp_path, device=CPU)
