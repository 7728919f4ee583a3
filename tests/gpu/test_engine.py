"""The engine on CUDA: what it computes there, in which precision, and what it does when the card is full."""

import pytest
import torch

from tlcore.device import Meter, torch_device
from tlcore.errors import RecipeError
from tlcore.features.stored import DatasetFeeds
from tlcore.strategies import strategy
from tlcore.training import Recipe
from tlcore.training.events import EpochDone, Finished, RunStarted, StepDone, Warned
from tlcore.training.loop import fit
from tlcore.training.scoring import embedder
from tlcore.zoo import Head, backbone
from tlcore.zoo.model import build

NAME = "efficientnet_lite0"


def trained(digits, home, *, device="cuda", epochs=3, **changes):
    """Events of a training, and the model after it."""
    place = torch_device(device)
    recipe = Recipe(**({"dataset": digits.id, "backbone": NAME, "epochs": epochs, "device": device} | changes))
    torch.manual_seed(recipe.seed)
    model = build(backbone(NAME), len(digits.classes), recipe.head).to(place)
    data = DatasetFeeds(
        digits,
        backbone(NAME),
        home,
        device=place,
        augmentation=recipe.augmentation,
        seed=recipe.seed,
        precision=recipe.precision,
    )
    return list(fit(model, data, recipe)), model


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_auto_is_the_gpu_and_its_meter_reads():
    device = torch_device("auto")
    assert device.type == "cuda"
    held = torch.zeros(2**20, device=device)
    reading = Meter(device).read()
    assert reading.memory >= held.nbytes and 0 <= reading.busy <= 1


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("feature_extraction", 0.75),
        ("fine_tune", 0.75),
        ("fine_tune_from_middle", 0.75),
        ("gradual_unfreezing", 0.75),
        ("progressive", 0.75),
        ("lora", 0.6),
    ],
)
def test_every_strategy_learns(digits, shared_home, name, least):
    events, model = trained(digits, shared_home, epochs=6, strategy=strategy(name))
    (started,) = of(events, RunStarted)
    assert started.precision == "bfloat16"
    assert all(p.is_cuda and torch.isfinite(p).all() for p in model.parameters())
    best = max(epoch.val_accuracy for epoch in of(events, EpochDone))
    assert isinstance(events[-1], Finished) and events[-1].val_accuracy == best > least


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_every_precision_learns(digits, shared_home, precision):
    events, _ = trained(digits, shared_home, epochs=3, strategy=strategy("fine_tune"), precision=precision)
    assert of(events, RunStarted)[0].precision == precision
    assert events[-1].val_accuracy > 0.7


def test_mixing_and_augmentation_learn_too(digits, shared_home):
    from tlcore.data.augmentation import Augmentation

    varied = Augmentation(policy="standard", mixup=0.2)
    events, _ = trained(digits, shared_home, epochs=4, strategy=strategy("fine_tune"), augmentation=varied)
    assert events[-1].val_accuracy > 0.6


def test_the_same_seed_tells_the_same_story(digits, shared_home):
    first, again, other = (
        [step.loss for step in of(trained(digits, shared_home, epochs=2, seed=seed)[0], StepDone)] for seed in (3, 3, 4)
    )
    assert first == pytest.approx(again, rel=1e-4)
    assert first != pytest.approx(other, rel=1e-4)


def test_features_are_those_of_the_cpu(digits, tmp_path):
    found = {}
    for place in ("cpu", "cuda"):
        device = torch_device(place)
        model = build(backbone(NAME), len(digits.classes), Head()).to(device)
        data = DatasetFeeds(digits, backbone(NAME), tmp_path / place, device=device, precision="auto")
        parts = [x.float().cpu() for x, _ in data.features("val", embedder(model)).batches(64)]
        found[place] = torch.cat(parts)
    alike = torch.nn.functional.cosine_similarity(found["cpu"], found["cuda"])
    assert found["cpu"].shape == found["cuda"].shape and alike.min() > 0.99


def test_features_are_computed_once(digits, tmp_path):
    for fresh in (True, False):
        model = build(backbone(NAME), len(digits.classes), Head()).cuda()
        data = DatasetFeeds(digits, backbone(NAME), tmp_path, device=torch.device("cuda"))
        recipe = Recipe(dataset=digits.id, backbone=NAME, epochs=2, device="cuda")
        assert isinstance(list(fit(model, data, recipe))[-1], Finished)
        assert (data.embedding().fresh > 0) == fresh


def test_what_never_varies_is_read_once_and_stays_on_the_card(digits, shared_home):
    data = DatasetFeeds(digits, backbone(NAME), shared_home, device=torch.device("cuda"))
    first, second = (list(data.raw("val").batches(64)) for _ in range(2))
    assert data.raw("val") is data.raw("val") and all(x.is_cuda for x, _ in first + second)
    assert all(torch.equal(x, again) for (x, _), (again, _) in zip(first, second, strict=True))
    assert not any(x.is_cuda for x, _ in data.raw("test").batches(64)), "test is read once"


def test_a_full_card_halves_the_parts_and_not_the_batch(digits, shared_home):
    device = torch.device("cuda")
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(device).total_memory
    try:
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 1.5 * 2**30) / total)
        events, _ = trained(
            digits, shared_home, epochs=1, strategy=strategy("fine_tune"), batch_size=256, precision="float32"
        )
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()
    (first, *_) = of(events, Warned)
    assert "Out of memory: from here on" in first.text and "The batch of 256 samples" in first.text
    assert isinstance(events[-1], Finished)


def test_a_card_that_is_not_there_is_a_sentence(digits, shared_home):
    with pytest.raises((RecipeError, RuntimeError), match=r"cuda:7|ordinal|device"):
        trained(digits, shared_home, device="cuda:7")
