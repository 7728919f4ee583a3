"""Listing the zoo costs nothing; names are the sources' own, and those that users add stay."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from tlcore.errors import RecipeError
from tlcore.features.inputs import ImageInputs, batch, image_preprocessing
from tlcore.training import Recipe
from tlcore.zoo import backbone, backbones, learn, resolve
from tlcore.zoo.named_images import image_backbone
from tlcore.zoo.plain import from_plain, to_plain
from tlcore.zoo.registry import keep, register

METHODS = (
    *("resnet18", "resnet50", "efficientnet_b0", "mobilenet_v3_small", "vgg16", "densenet121", "vit_b_16"),
    *("bert-base-uncased", "distilbert-base-uncased", "roberta-base", "albert-base-v2", "gpt2"),
    *("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "minilm"),
)


def test_the_models_of_the_methods_are_there_and_the_packaged_ones_first():
    names = [record.name for record in backbones()]
    assert set(METHODS) <= set(names) and len(names) == len(set(names)) == 89
    assert names[:4] == ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "minilm"]
    assert backbones("image")[0].name == "efficientnet_lite0" and backbones("text")[0].name == "minilm"


def test_listing_with_weights_states_loads_neither_torch_nor_a_library():
    code = (
        "import sys; from tlcore.zoo import backbones, weights_state\n"
        "kinds = [weights_state(record).kind for record in backbones()]\n"
        "heavy = {'torch', 'torchvision', 'timm', 'transformers', 'huggingface_hub'}\n"
        "print(len(kinds), sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["89", "[]"]


@pytest.mark.parametrize("record", backbones(), ids=lambda record: record.name)
def test_a_record_is_complete(record):
    assert from_plain(json.loads(json.dumps(to_plain(record)))) == record
    assert len(record.stages) == len(record.stage_params) and sum(record.stage_params) == record.n_params
    assert record.recipe.startswith("https://") and record.summary.endswith(".") and record.licence
    if record.modality == "image":
        assert 0 < record.metrics["imagenet_top1"] < record.metrics["imagenet_top5"] < 100
        assert record.gflops and record.resize >= record.input_size >= 224
    else:
        assert record.tokens and record.max_tokens
    assert record.n_params_published >= record.n_params and record.file_size > 3.5 * record.n_params


def test_an_unknown_name_is_answered_with_those_that_sound_alike():
    with pytest.raises(RecipeError, match="no backbone called 'resnet-50'.*Similar: .*resnet50.*models --add"):
        backbone("resnet-50")


def test_twice_the_same_name_is_a_programming_error():
    with pytest.raises(ValueError, match="'minilm' is registered twice"):
        register(lambda: backbone("minilm"))


def test_a_timm_architecture_is_added_by_name_and_known_from_then_on(home):
    with pytest.raises(RecipeError, match="no backbone called 'mobilenetv4_conv_small_035'"):
        backbone("mobilenetv4_conv_small_035")
    record = resolve("mobilenetv4_conv_small_035", home)
    import timm

    config = timm.get_pretrained_cfg("mobilenetv4_conv_small_035")
    assert (record.input_size, record.mean, record.interpolation) == (config.input_size[1], config.mean, "bicubic")
    assert (record.hub_id, record.n_features) == (config.hf_hub_id or "", 1280)
    assert record.resize == int(config.input_size[1] / config.crop_pct)
    learn(home / "another")
    assert "mobilenetv4_conv_small_035" not in {one.name for one in backbones()}
    assert backbones("image", home=home)[-1] == record == backbone(record.name)
    assert Recipe(dataset="x", backbone=record.name).backbone == record.name
    assert "mobilenetv4_conv_small_035" not in {one.name for one in backbones("text")}


def test_the_weights_after_the_full_stop_are_part_of_the_name(home):
    record = resolve("timm/convnext_atto.d2_in1k", home)
    assert (record.name, record.weights, record.hub_id) == (
        "convnext_atto.d2_in1k",
        "d2_in1k",
        "timm/convnext_atto.d2_in1k",
    )
    assert (record.licence, record.n_features, record.n_params_published) == ("Apache-2.0", 320, 3_695_520)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b/c", "/etc/passwd", "..", "a\\b", "", "hf-hub:timm/x", "x" * 300]
)
def test_a_name_is_no_path(name, home):
    with pytest.raises(RecipeError, match="cannot be the name of a backbone"):
        resolve(name, home)
    assert not (home / "zoo").exists()


def test_a_name_that_nobody_knows(home):
    with pytest.raises(RecipeError, match="'resnet5O', neither here nor in timm. Similar: resnet50.*with its owner"):
        resolve("resnet5O", home)
    with pytest.raises(RecipeError, match=r"'convnext_atto.no_such'"):
        resolve("convnext_atto.no_such", home)


@pytest.mark.parametrize("name", ["convnext_atto.d2_in1k", "efficientnet_b5.sw_in12k_ft_in1k", "levit_128"])
def test_images_are_those_of_timm_s_own_transform(name):
    import timm
    from timm.data import create_transform, resolve_data_config

    record = image_backbone(name)
    config = resolve_data_config(pretrained_cfg=timm.get_pretrained_cfg(name).to_dict())
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 50, 3), dtype=np.uint8)).resize((700, 480))
    theirs = create_transform(**config)(image)
    (ours,) = batch(ImageInputs(preprocessing=image_preprocessing(record)), [image])
    assert ours.shape == theirs.shape
    assert ((ours - theirs).abs() * torch.tensor(record.std).view(3, 1, 1)).mean() < 1 / 255 / 10


def test_files_that_are_no_records_are_left_out(home):
    keep(replace(backbone("resnet18"), name="mine"), home)
    (home / "zoo" / "damaged.json").write_text("{")
    (home / "zoo" / "stranger.json").write_text(json.dumps(to_plain(backbone("resnet18")) | {"unheard_of": 1}))
    (home / "zoo" / "other.json").write_text((home / "zoo" / "mine.json").read_text())
    assert [record.name for record in backbones(home=home)][89:] == ["mine"]
