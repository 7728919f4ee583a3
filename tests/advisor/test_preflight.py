"""`preflight`: each rule where it applies, its text, its fix, and silence elsewhere."""

import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from tests.advisor.made import GB, dataset, machine, recipe, write
from tlcore.advisor import apply, preflight
from tlcore.advisor.finding import LEVELS, percent
from tlcore.training import Recipe
from tlcore.zoo import backbone, stage_patterns

LITE0 = backbone("efficientnet_lite0")


def look(made, data, device=None, free=100 * GB):
    return preflight(made, data, device or machine(), free=free)


def the(code, found):
    (finding,) = [finding for finding in found if finding.code == code]
    return finding


def codes(found):
    return [finding.code for finding in found]


@pytest.fixture
def photos(home):
    """Two classes of 600 training images."""
    return dataset(home)


@pytest.fixture
def few(home):
    """Two classes of 100 training images."""
    return dataset(home, [(100, 20, 20), (100, 20, 20)])


def test_the_usual_recipe_has_nothing_to_be_said_of(photos):
    for name in ("feature_extraction", "fine_tune", "fine_tune_from_middle", "gradual_unfreezing", "progressive"):
        assert look(recipe(name), photos) == ()


def test_texts_too(home):
    data = dataset(home, modality="text")
    for name in ("feature_extraction", "fine_tune", "gradual_unfreezing", "progressive"):
        assert look(recipe(name, "minilm"), data) == ()


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({"late_lr": 4e-4}, None),
        ({"late_lr": 5e-4}, "warning"),
        ({"early_lr": 9e-3}, "warning"),
        ({"late_lr": 1e-2}, "error"),
    ],
)
def test_rate_of_the_backbone(photos, changes, level):
    made = recipe({"name": "fine_tune", **changes})
    found = look(made, photos)
    if level is None:
        assert found == ()
        return
    (finding,) = found
    assert (finding.code, finding.level) == ("backbone-rate", level)
    ((name, rate),) = changes.items()
    assert f"highest learning rate is {rate:g}. From 0.0005 on" in finding.text
    assert finding.fix == {f"strategy.{name}": {"early_lr": 1e-5, "late_lr": 1e-4}[name]}
    assert look(apply(made, finding.fix), photos) == ()


def test_texts_forget_at_lower_rates(home):
    data = dataset(home, modality="text")
    made = recipe({"name": "fine_tune", "early_lr": 2e-4}, "minilm")
    finding = the("backbone-rate", look(made, data))
    assert finding.level == "warning"
    assert finding.fix == {"strategy.early_lr": 2e-5}


def test_plain_gradient_steps_may_be_larger(photos):
    assert look(recipe({"name": "fine_tune", "late_lr": 1e-3}, optimizer="sgd"), photos) == ()


def test_adapters_bear_higher_rates(photos):
    assert look(recipe({"name": "lora", "lr": 4e-3}), photos) == ()
    (finding,) = look(recipe({"name": "lora", "lr": 5e-3}), photos)
    assert (finding.code, finding.level, finding.fix) == ("backbone-rate", "warning", {"strategy.lr": 2e-4})


def test_high_rates_from_scratch_are_nobody_s_loss(home):
    data = dataset(home, [(6_000, 60, 60), (6_000, 60, 60)])
    assert "backbone-rate" not in codes(look(recipe("from_scratch", batch_size=64), data))


def test_rates_of_phases_of_one_s_own(photos):
    phases = [
        {"name": "one", "epochs": 2, "lrs": {"head": 1e-3}},
        {"name": "two", "epochs": 2, "lrs": {"head": 0.5, "backbone.blocks.6": 1e-3, "backbone.blocks.5": 1e-5}},
    ]
    made = recipe("fine_tune", phases=phases)
    found = look(made, photos)
    assert codes(found) == ["backbone-rate", "head-rate"]
    half = apply(made, found[0].fix)
    (left,) = look(half, photos)
    mended = apply(half, left.fix)
    assert mended.phases[1].lrs == {"head": 1e-3, "backbone.blocks.6": 1e-4, "backbone.blocks.5": 1e-5}
    assert look(mended, photos) == ()


def test_rate_of_the_head(photos):
    made = recipe({"name": "feature_extraction", "lr": 0.2})
    (finding,) = look(made, photos)
    assert (finding.code, finding.level) == ("head-rate", "warning")
    assert finding.text == (
        "The head's learning rate is 0.2. Above 0.1 the loss may never settle; rates around 0.001 are usual."
    )
    assert apply(made, finding.fix) == recipe()


@pytest.mark.parametrize(
    ("batch", "accumulate", "fires"), [(16, 1, True), (64, 4, True), (32, 1, False), (64, 2, False)]
)
def test_batch_norm_on_small_batches(photos, batch, accumulate, fires):
    made = recipe("fine_tune", batch_norm="train", batch_size=batch, accumulate=accumulate)
    found = look(made, photos)
    assert codes(found) == ["batch-norm"] * fires
    if fires:
        assert "49 BatchNorm layers of EfficientNet-Lite0, 42,016 parameters, would train" in found[0].text
        assert "statistics of 16 samples at a time" in found[0].text
        assert apply(made, found[0].fix).freezes_batch_norm()
        assert look(apply(made, found[0].fix), photos) == ()


def test_batch_norm_in_a_frozen_backbone_or_none_at_all_is_fine(photos, tmp_path):
    assert look(recipe(batch_norm="train"), photos) == ()
    assert look(recipe("fine_tune", "minilm", batch_norm="train"), dataset(tmp_path, modality="text")) == ()


def test_batch_norm_from_scratch_wants_larger_batches_and_must_not_be_frozen(home):
    data = dataset(home, [(6_000, 60, 60), (6_000, 60, 60)])
    (small,) = look(recipe("from_scratch"), data)
    assert (small.code, small.level, small.fix) == ("batch-norm", "info", {"batch_size": 32})
    (frozen,) = look(recipe("from_scratch", batch_size=64, batch_norm="frozen"), data)
    assert (frozen.code, frozen.fix) == ("batch-norm-random", {"batch_norm": "auto"})


def test_whole_model_on_little_data(few):
    found = look(recipe("fine_tune"), few)
    assert codes(found) == ["whole-model", "no-augmentation"]
    assert "3,371,008 parameters of the backbone would train on 200 samples, fewer than 1,000" in found[0].text
    assert look(apply(recipe("fine_tune"), found[0].fix), few) == ()
    assert codes(look(apply(recipe("fine_tune"), found[1].fix), few)) == ["whole-model"]


def test_no_augmentation_matters_only_where_the_backbone_trains(few, tmp_path):
    assert codes(look(recipe("gradual_unfreezing"), few)) == ["no-augmentation"]
    assert look(recipe("gradual_unfreezing", augmentation="light"), few) == ()
    assert look(recipe(), few) == ()
    texts = dataset(tmp_path, [(100, 20, 20), (100, 20, 20)], modality="text")
    assert look(recipe("gradual_unfreezing", "minilm"), texts) == ()


def test_from_scratch_is_a_baseline(photos):
    found = look(recipe("from_scratch", batch_size=32), photos)
    assert codes(found) == ["scratch"]
    assert found[0].text.startswith("1,200 training samples are far from enough for random weights")


def test_from_scratch_on_little_data(few):
    assert codes(look(recipe("from_scratch", batch_size=32), few)) == ["whole-model", "scratch", "no-augmentation"]


def test_unequal_classes(home):
    data = dataset(home, [(500, 30, 30), (100, 30, 30), (400, 30, 30)])
    (finding,) = look(recipe(), data)
    assert (finding.code, finding.fix) == ("imbalance", {"balance": "weights"})
    assert finding.text.startswith("'class 0' has 500 training samples, 'class 1' 100: 5.0 times as many.")
    assert look(apply(recipe(), finding.fix), data) == ()
    assert look(recipe(balance="sampling"), data) == ()


def test_nearly_five_times_is_let_pass(home):
    assert look(recipe(), dataset(home, [(499, 30, 30), (100, 30, 30)])) == ()


def test_small_and_unseen_classes(home):
    data = dataset(home, [(4, 1, 0), (10, 0, 3), (3, 1, 1), (4, 1, 0), (2, 1, 1)])
    found = look(recipe(batch_size=4), data)
    small, val, test = (the(code, found) for code in ("small-class", "unseen-val", "unseen-test"))
    assert small.title == "Too few samples of 4 classes"
    assert "'class 0' has 4, 'class 2' has 3, 'class 3' has 4 and 1 more." in small.text
    assert val.text.startswith("1 of 5 classes have no sample in val: 'class 1'.")
    assert test.text.startswith("2 of 5 classes have no sample in test: 'class 0', 'class 3'.")
    assert not small.fix and not val.fix


def copied(data, split, n):
    """The dataset with `n` samples of the split whose bytes also lie in train."""
    table = data.manifest()
    held, train = table.index[table["split"] == split][:n], table.index[table["split"] == "train"][:n]
    table.loc[held, "digest"] = table.loc[train, "digest"].to_numpy()
    write(data, table)
    return replace(data)


def test_a_leak_into_test(photos):
    (finding,) = look(recipe(), copied(photos, "test", 2))
    assert (finding.code, finding.level) == ("leak-test", "error")
    assert finding.text == (
        "2 of 120 test samples (1.7 %) also lie in train, for instance 0/test-0.png (in train: 0/train-0.png) and "
        "0/test-1.png (in train: 0/train-1.png). The test score would be too good: take the copies out and add the "
        "data again."
    )


def test_a_single_copy_and_copies_in_val_are_warnings(photos, tmp_path):
    assert [(f.code, f.level) for f in look(recipe(), copied(photos, "test", 1))] == [("leak-test", "warning")]
    other = copied(dataset(tmp_path), "val", 60)
    assert [(f.code, f.level) for f in look(recipe(), other)] == [("leak-val", "warning")]


def test_a_batch_larger_than_train(home):
    data = dataset(home, [(20, 5, 5), (20, 5, 5)])
    made = recipe(batch_size=64, accumulate=16, epochs=30)
    (finding,) = look(made, data)
    assert finding.code == "batch-size"
    assert "A batch takes 64 samples, but train has 40" in finding.text and "With 4 an epoch has 10." in finding.text
    assert finding.fix == {"batch_size": 4, "accumulate": 4}
    assert look(apply(made, finding.fix), data) == ()


def test_hardly_any_steps(home):
    data = dataset(home, [(20, 5, 5), (20, 5, 5)])
    (finding,) = look(recipe(batch_size=16, epochs=6), data)
    assert finding.text.startswith("6 epochs of 3 steps make 18 in all; with fewer than 20 optimizer steps")
    assert finding.fix == {"epochs": 7}
    assert look(recipe(batch_size=16, epochs=7), data) == ()


def test_gradual_unfreezing_that_ends_before_it_began(home):
    data = dataset(home, [(200, 20, 20), (200, 20, 20)], modality="text")
    slow = apply(recipe("gradual_unfreezing", backbone="minilm", epochs=10), {"strategy.stage_epochs": 12})
    (finding,) = look(slow, data)
    assert (finding.code, finding.level, finding.fix_title) == ("late-stages", "info", "26 epochs")
    assert finding.text.startswith("In 10 epochs only 1 stage of 7 would join the head")
    assert look(apply(slow, finding.fix), data) == ()


def test_long_texts(home):
    data = dataset(home, modality="text", text="word " * 300)
    (finding,) = look(recipe(backbone="minilm"), data)
    assert (finding.code, finding.level) == ("long-texts", "info")
    assert finding.text.startswith("About 100.0 % of the training texts are longer than the 256 tokens")
    assert "counting 4 characters as a token" in finding.text


def test_memory_and_the_way_out(photos):
    made = recipe("fine_tune", batch_size=256)
    (finding,) = look(made, photos, machine(memory=8 * GB))
    assert (finding.code, finding.level, finding.fix) == ("memory", "error", {"accumulate": 4})
    assert finding.text == (
        "Training would take about 21.9 GB, 21.8 GB of it activations of 256 samples at a time (a rough estimate), but "
        "this machine has 8.0 GB free. In 4 parts a batch takes about 5.5 GB; the steps stay the same."
    )
    assert look(apply(made, finding.fix), photos, machine(memory=8 * GB)) == ()


def test_memory_of_a_gpu_counts_where_it_trains_there(photos):
    made = recipe("fine_tune", batch_size=256)
    assert look(made, photos, machine(memory=GB, gpu=16 * GB)) == ()
    finding = the("memory", look(made, photos, machine(gpu=8 * GB)))
    assert "Training would take about 11.0 GB" in finding.text and "Test GPU has 8.0 GB free" in finding.text
    assert codes(look(recipe("fine_tune", batch_size=256, device="cpu"), photos, machine(memory=GB, gpu=80 * GB))) == [
        "memory"
    ]


def test_where_no_batch_fits_the_head_alone_may(photos):
    finding = the("memory", look(recipe("fine_tune"), photos, machine(memory=GB // 10)))
    assert finding.fix == {"strategy.name": "feature_extraction"}
    assert look(apply(recipe("fine_tune"), finding.fix), photos, machine(memory=GB // 10)) == ()
    hopeless = the("memory", look(recipe(), photos, machine(memory=1000)))
    assert hopeless.fix == {} and "smaller backbone" in hopeless.text


def test_a_frozen_front_saves_memory(photos):
    device = machine(memory=3 * GB)
    assert "memory" in codes(look(recipe("fine_tune", batch_size=64), photos, device))
    assert "memory" not in codes(look(recipe("fine_tune_from_middle", batch_size=64), photos, device))


def test_disk(photos):
    assert look(recipe("fine_tune"), photos, free=120_000_000) == ()
    (finding,) = look(recipe("fine_tune"), photos, free=110_000_000)
    assert (finding.code, finding.level) == ("disk", "error")
    assert "0.1 GB free; two saved states of this training take 0.1 GB" in finding.text
    assert look(recipe(), photos, free=20_000_000) == ()


def test_errors_come_first(home):
    data = dataset(home, [(500, 30, 30), (90, 30, 30)])
    found = look(recipe({"name": "fine_tune", "late_lr": 0.1}), data, free=0)
    assert [finding.level for finding in found] == sorted((f.level for f in found), key=LEVELS.index)
    assert found[0].level == "error" and found[-1].level == "warning"


def test_stages_of_one_s_own(photos):
    stages = stage_patterns(LITE0)
    assert preflight(recipe("progressive"), photos, machine(), stages=stages, free=GB) == ()


def test_every_fix_makes_a_recipe_and_every_button_has_words(home):
    data = dataset(home, [(60, 1, 0), (4, 1, 1)])
    made = recipe({"name": "fine_tune", "late_lr": 0.5, "head_lr": 0.5}, batch_norm="train", batch_size=128)
    found = look(made, data, machine(memory=GB), free=0)
    assert len(found) >= 10
    for finding in found:
        assert bool(finding.fix) == bool(finding.fix_title), finding.code
        assert isinstance(apply(made, finding.fix), Recipe)
        assert asdict(finding)["text"].endswith(".")


def test_it_decodes_no_image(home, monkeypatch):
    data = dataset(home, [(1_000, 100, 100)] * 20)
    before = look(recipe("fine_tune"), data)
    monkeypatch.setattr(type(data), "sample", lambda self, row: pytest.fail("the page would wait for it"))
    assert look(recipe("fine_tune"), data) == before


def test_importing_the_room_loads_nothing_heavy():
    code = "import sys, tlcore.advisor; print([m for m in ('torch', 'sklearn', 'pandas') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"


def test_percent():
    assert (percent(0.0371), percent(1)) == ("3.7 %", "100.0 %")
