"""A dataset's feeds: augmentation is seen where it was asked for, and nowhere else."""

import numpy as np
import pytest
import torch
from PIL import Image

from tlcore.data import ingest
from tlcore.data.augmentation import POLICIES, Augmentation, augmenter
from tlcore.errors import RecipeError
from tlcore.features.inputs import image_preprocessing
from tlcore.features.stored import DatasetFeeds
from tlcore.zoo import backbone

LITE0 = backbone("efficientnet_lite0")
CPU = torch.device("cpu")


@pytest.fixture
def pictures(tmp_path, home):
    draw = np.random.default_rng(0)
    for label in ("a", "b"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for i in range(10):
            pixels = draw.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / label / f"{i}.png")
    return ingest(tmp_path / "data", home)


class Counted:
    """Stands in for the backbone: the mean colour, padded; remembers how many inputs it saw."""

    def __init__(self):
        self.n = 0

    def __call__(self, x):
        self.n += len(x)
        return torch.nn.functional.pad(x.mean((2, 3)), (0, LITE0.n_features - 3))


def feeds(dataset, home, monkeypatch, **settings):
    monkeypatch.setattr(DatasetFeeds, "_fastest", lambda self, embed: embed)
    return DatasetFeeds(dataset, LITE0, home, device=CPU, **settings)


def run(feed, order=None, epoch=0):
    return torch.cat([x for x, _ in feed.batches(4, order, epoch)])


def test_views_are_embedded_once_and_only_for_train(pictures, home, monkeypatch):
    augmented = Augmentation(policy="standard", views=2)
    data, embed = feeds(pictures, home, monkeypatch, augmentation=augmented), Counted()
    train = data.features("train", embed)
    for epoch in range(30):
        run(train, epoch=epoch)
    assert embed.n == 3 * len(pictures.rows("train"))
    run(data.features("val", embed)), run(data.features("val", embed))
    assert embed.n == 3 * len(pictures.rows("train")) + len(pictures.rows("val"))
    done = data.embedding()
    assert (done.done, done.left) == (embed.n, 0)


def test_a_second_run_embeds_nothing_and_another_seed_only_its_views(pictures, home, monkeypatch):
    augmented = Augmentation(policy="light", views=1)
    for seed, expected in ((0, 2), (0, 0), (1, 1)):
        data, embed = feeds(pictures, home, monkeypatch, augmentation=augmented, seed=seed), Counted()
        train = data.features("train", embed)
        for epoch in range(30):
            run(train, epoch=epoch)
        assert embed.n == expected * len(pictures.rows("train"))


def test_an_augmentation_that_nothing_would_show_is_refused(pictures, home, monkeypatch):
    data = feeds(pictures, home, monkeypatch, augmentation=Augmentation(policy="standard"))
    with pytest.raises(RecipeError, match="choose at least one"):
        data.features("train", Counted())


def test_raw_inputs_of_train_differ_in_each_epoch_and_val_stays(pictures, home, monkeypatch):
    data = feeds(pictures, home, monkeypatch, augmentation=Augmentation(policy="standard"))
    train = data.raw("train")
    assert not torch.equal(run(train, epoch=1), run(train, epoch=2))
    assert torch.equal(run(train, epoch=1), run(train, epoch=1))
    assert torch.equal(run(data.raw("val")), run(data.raw("val")))
    plain = feeds(pictures, home, monkeypatch)
    assert torch.equal(run(plain.raw("val")), run(data.raw("val")))


@pytest.mark.parametrize("policy", POLICIES)
def test_a_view_is_the_same_pixels_whenever_it_is_made(policy):
    pixels = np.random.default_rng(0).integers(0, 256, (256, 300, 3), dtype=np.uint8)
    vary = augmenter(Augmentation(policy=policy), image_preprocessing(LITE0))
    before = torch.random.get_rng_state()
    first, again, other = vary(pixels, 5), vary(pixels, 5), vary(pixels, 6)
    assert first.shape == (224, 224, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert np.array_equal(first, other) != Augmentation(policy=policy).active
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"policy": "magic"}, "no augmentation called 'magic'.*standard"),
        ({"policy": "light", "views": -1}, "from 0 to 64; got -1"),
        ({"views": 3}, "need a policy"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        Augmentation(**settings)
