"""One suite over every packaged backbone, with its real weights: the record tells the truth about the module.

Those of torchvision and transformers, whose weights are not here, have suites of their own.
"""

import pytest
import torch
from PIL import Image

from tlcore.features.inputs import batch, reader
from tlcore.strategies import FeatureExtraction, matching
from tlcore.training.groups import batch_norms, count, freeze, set_modes
from tlcore.zoo import Head, backbones, stage_patterns, weights_state
from tlcore.zoo.model import build, load_backbone

SAMPLES = {
    "image": [Image.new("RGB", (40, 30), "teal"), Image.new("L", (500, 300)).convert("RGB")],
    "text": ["a short text", "and one that is a good deal longer than the other " * 60],
}


PACKAGED = [record for record in backbones() if record.package]


@pytest.fixture(scope="module", params=PACKAGED, ids=lambda record: record.name)
def record(request):
    return request.param


@pytest.fixture(scope="module")
def net(record):
    return build(record, 3, Head())


def test_weights_are_here(record):
    assert weights_state(record).kind == "packaged"


def test_counts(record, net):
    assert sum(p.numel() for p in net.backbone.parameters()) == record.n_params
    assert sum(p.numel() for p in net.head.parameters()) == Head().n_params(record.n_features, 3)


def test_samples_become_features_and_logits(record, net):
    x = batch(reader(record), SAMPLES[record.modality])
    net.eval()
    with torch.inference_mode():
        assert net.features(x).shape == (2, record.n_features)
        assert net(x).shape == (2, 3)


def test_a_sample_has_the_same_features_in_any_company(record, net):
    inputs = reader(record)
    net.eval()
    with torch.inference_mode():
        together = net.features(batch(inputs, SAMPLES[record.modality]))
        alone = net.features(batch(inputs, SAMPLES[record.modality][:1]))
    assert torch.allclose(together[:1], alone, atol=1e-4)


def test_every_parameter_of_the_backbone_lies_in_a_stage(record, net):
    sizes = dict.fromkeys(net.stages(), 0)
    for name, parameter in net.named_parameters():
        if name.startswith("backbone."):
            sizes[matching(name, dict.fromkeys(net.stages(), 1.0))] += parameter.numel()
    assert tuple(sizes.values()) == record.stage_params
    assert net.stages() == stage_patterns(record)


def test_stages_run_from_input_to_output(record, net):
    order = []
    for stage in net.stages():
        for name in stage.split("|"):
            net.get_submodule(name).register_forward_hook(lambda *_, stage=stage: order.append(stage))
    with torch.inference_mode():
        net.eval()(batch(reader(record), SAMPLES[record.modality]))
    assert list(dict.fromkeys(order)) == list(net.stages())


def test_batch_norms(record, net):
    layers = batch_norms(net.backbone)
    assert len(layers) == record.n_batch_norms
    inside = dict.fromkeys(net.stages(), 0)
    for name, layer in net.named_modules():
        if layer in layers:
            inside[matching(f"{name}.weight", dict.fromkeys(inside, 1.0))] += sum(p.numel() for p in layer.parameters())
    assert tuple(inside.values()) == (record.batch_norm_params or (0,) * len(net.stages()))


def test_random_weights_are_random(record):
    torch.manual_seed(0)
    scratch, trained = load_backbone(record, pretrained=False), load_backbone(record)
    assert {n: p.shape for n, p in scratch.named_parameters()} == {n: p.shape for n, p in trained.named_parameters()}
    drawn = [(a, b) for a, b in zip(scratch.parameters(), trained.parameters(), strict=True) if a.ndim > 1]
    assert all(not torch.equal(a, b) for a, b in drawn)


def test_feature_extraction_freezes_the_backbone_and_its_statistics(net):
    freeze(net, FeatureExtraction().phases(net, 1)[0])
    assert set_modes(net) is True
    assert count(net)[0] == sum(p.numel() for p in net.head.parameters())
    assert not any(module.training for module in net.backbone.modules())
    assert net.head.training


def test_the_figures_of_preprocessing_are_the_library_s(record):
    if record.source == "timm":
        import timm

        cfg = timm.get_pretrained_cfg(record.architecture)
        assert (record.input_size, record.resize, record.interpolation) == (
            cfg.input_size[1],
            int(cfg.input_size[1] / cfg.crop_pct),
            cfg.interpolation,
        )
        assert (record.mean, record.std) == (cfg.mean, cfg.std)
        assert (record.licence.lower(), record.hub_id) == (cfg.license, cfg.hf_hub_id)
    else:
        import json

        from tlcore.zoo import weights_folder

        settings = json.loads((weights_folder(record) / "sentence_bert_config.json").read_text())
        assert record.max_tokens == settings["max_seq_length"]
