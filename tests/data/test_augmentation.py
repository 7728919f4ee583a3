"""Policies and single changes: the pixels of today's recipes stay, and each knob does what it says."""

import hashlib

import numpy as np
import pytest

from tlcore.data.augmentation import POLICIES, Augmentation, augmenter, knobs
from tlcore.data.transforms import ImagePreprocessing, finish, resize, restore, seen
from tlcore.errors import RecipeError
from tlcore.training import Recipe

LITE0 = ImagePreprocessing(input_size=224, resize=256, interpolation="bicubic", mean=(0.5,) * 3, std=(0.5,) * 3)
TODAY = {
    ("none", 0.0): "89a2352cf7f3207d",
    ("light", 0.0): "f14ccee5ab3daac6",
    ("standard", 0.0): "f984c4baf24fd60c",
    ("standard", 1.0): "3cd69d3796efc5be",
    ("trivial_augment", 0.0): "8c39c0945d8191dc",
    ("rand_augment", 0.0): "3b95f821c5a71f7c",
}
"""Of four views of `ramp()`, as version 0.1 made them with torchvision 0.29.1."""
OTHER = {"crop": 0.3}


def ramp():
    """(256, 300, 3): red grows to the right, green downwards, blue both ways."""
    y, x = np.mgrid[0:256, 0:300]
    return np.stack([x * 255 // 299, y, (x + y) % 256], -1).astype(np.uint8)


def views(n=4, **settings):
    vary = augmenter(Augmentation(**settings), LITE0)
    return [vary(ramp(), seed) for seed in range(n)]


@pytest.mark.parametrize(("policy", "erasing"), TODAY)
def test_recipes_of_before_single_changes_give_the_very_same_pixels(policy, erasing):
    made = b"".join(view.tobytes() for view in views(policy=policy, erasing=erasing))
    assert hashlib.sha256(made).hexdigest()[:16] == TODAY[policy, erasing]


def test_a_named_policy_is_its_knobs():
    for policy in ("light", "standard"):
        same = {
            name: v for name, v in Augmentation(policy=policy).values().items() if v != knobs()[name].metadata["off"]
        }
        assert np.array_equal(views(policy=policy), views(policy="own", **same))
    assert np.array_equal(views(policy="own"), views(policy="none")), "with every change off"


@pytest.mark.parametrize("name", knobs())
def test_each_knob_changes_pixels_alone_and_can_be_turned_off(name):
    meta = knobs()[name].metadata
    strong = OTHER.get(name, meta["max"])
    plain, turned = views(1, policy="none")[0], views(policy="own", **{name: strong})
    assert any(not np.array_equal(plain, view) for view in turned)
    assert all(view.shape == (224, 224, 3) for view in turned)
    off = dict.fromkeys(Augmentation(policy="standard").values()) | {
        key: known.metadata["off"] for key, known in knobs().items()
    }
    assert not Augmentation(policy="standard", **off).active
    assert np.array_equal(views(policy="standard", **off | {name: strong}), turned)


def test_the_record_loses_nothing_and_says_only_what_was_given():
    tuned = Augmentation(policy="light", views=2, rotation=30.0, flip=0.0)
    assert tuned.to_dict() == {
        "policy": "light", "views": 2, "erasing": 0.0, "mixup": 0.0, "cutmix": 0.0, "flip": 0.0, "rotation": 30.0,
    }  # fmt: skip
    recipe = Recipe(dataset="0" * 12, backbone="efficientnet_lite0", augmentation=tuned)
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    assert (tuned.values()["flip"], tuned.values()["crop"], tuned.values()["hue"]) == (0.0, 0.8, 0.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"policy": "own", "rotation": 181}, r"augmentation.rotation lies in \[0, 180\]; got 181"),
        ({"policy": "own", "crop": 0.0}, r"augmentation.crop lies in \[0.05, 1\]; got 0.0"),
        ({"policy": "own", "flip": "often"}, "got 'often'"),
        ({"rotation": 5}, "augmentation.rotation is 5, but the policy is 'none': take 'own'"),
        ({"policy": "own", "views": 2}, "2 augmented views.*'own', with every change off"),
    ],
)
def test_a_knob_that_means_nothing_is_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        Augmentation(**settings)


def test_every_policy_is_seen_as_varying_but_the_two_that_do_not():
    assert [policy for policy in POLICIES if not Augmentation(policy=policy).active] == ["none", "own"]
    assert Augmentation(policy="own", blur=1.0).active


def test_undoing_the_normalisation_gives_the_pixels_back():
    how = ImagePreprocessing(
        input_size=224, resize=256, interpolation="bicubic", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    )
    assert np.array_equal(restore(finish([ramp()], how), how)[0].numpy(), ramp()[16:240, 38:262])


@pytest.mark.parametrize("squash", [False, True])
@pytest.mark.parametrize("size", [(300, 200), (200, 300), (60, 40), (1200, 100)])
def test_what_is_said_to_be_seen_is_what_the_crop_leaves(size, squash):
    from PIL import Image

    how = ImagePreprocessing(
        input_size=96, resize=128, interpolation="bilinear", mean=(0.5,) * 3, std=(0.5,) * 3, squash=squash
    )
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    place = np.stack([x * 255 / width, y * 255 / height, 0 * x], -1).round().astype(np.uint8)
    kept = restore(finish([resize(Image.fromarray(place), how)], how), how)[0].numpy().astype(float)
    left, top, right, bottom = seen(width, height, how)
    shown = [kept[:, 0, 0].mean(), kept[0, :, 1].mean(), kept[:, -1, 0].mean(), kept[-1, :, 1].mean()]
    told = [255 * left / width, 255 * top / height, 255 * right / width, 255 * bottom / height]
    assert shown == pytest.approx(told, abs=5)
