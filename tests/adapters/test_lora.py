"""Adapters: nothing changes at first, the base never does, merged is unmerged, files go to peft and back."""

import pytest
import torch
from torch import nn

from tests.training.tiny import feeds, model, recipe
from tlcore.adapters import TARGETS, LoraSettings
from tlcore.adapters.lora import (
    adapter_parameters,
    adapter_state,
    attach,
    attached,
    load_adapter,
    load_adapter_state,
    merge,
    save_adapter,
)
from tlcore.adapters.targets import target_modules
from tlcore.errors import RecipeError, WeightsError
from tlcore.features.inputs import batch, reader
from tlcore.strategies import strategy
from tlcore.training.events import Finished
from tlcore.training.loop import fit
from tlcore.zoo import Head, backbone
from tlcore.zoo.model import TransferModel, build

KINDS = [{}, {"rslora": True}, {"dora": True}, {"rank": 2, "alpha": 64.0}]
CASES = [
    ("minilm", "auto"),
    ("minilm", "linear"),
    ("efficientnet_lite0", "auto"),
    ("efficientnet_lite0", "convolution"),
]


def inputs(name):
    record = backbone(name)
    if record.modality == "image":
        return torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    return batch(reader(record), ["a short text", "one that is longer than the other"])


def whole(name):
    torch.manual_seed(0)
    return build(backbone(name), 3, Head(hidden=(), dropout=(0.0,))).eval()


def stirred(net):
    """As if trained: every factor away from zero."""
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if "lora_" in name and "magnitude" not in name:
                parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(len(name))) * 0.02)
    return net


@pytest.mark.parametrize(("name", "targets"), CASES)
@pytest.mark.parametrize("kind", KINDS[:1] + KINDS[2:3], ids=["lora", "dora"])
def test_nothing_changes_at_first_and_merging_changes_nothing_later(name, targets, kind):
    net, x = whole(name), inputs(name)
    with torch.inference_mode():
        before = net(x)
    keys = list(net.state_dict())
    attach(net, LoraSettings(targets=targets, rank=4, **kind))
    with torch.inference_mode():
        assert torch.allclose(net(x), before, atol=1e-5)
    stirred(net)
    with torch.inference_mode():
        moved = net(x)
        assert not torch.allclose(moved, before, atol=1e-3)
        merge(net)
        assert torch.allclose(net(x), moved, atol=1e-5 * max(1.0, float(moved.abs().max())))
        merge(net)
        assert torch.allclose(net(x), moved, atol=1e-5 * max(1.0, float(moved.abs().max())))
    assert list(net.state_dict()) == keys and not attached(net)


@pytest.mark.parametrize("kind", KINDS, ids=["lora", "rslora", "dora", "strong"])
def test_merged_is_w_plus_scale_b_a(kind):
    net = model().eval()
    plain = net.backbone[1].weight.detach().clone()
    settings = LoraSettings(targets="linear", **kind)
    attach(net, settings)
    stirred(net)
    layer = net.backbone[1]
    a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    scale = settings.alpha / (settings.rank**0.5 if settings.rslora else settings.rank)
    expected = plain + scale * b @ a
    if settings.dora:
        length = layer.lora_magnitude_vector["default"].weight
        expected = length[:, None] * expected / expected.norm(dim=1, keepdim=True)
    merge(net)
    assert torch.allclose(net.backbone[1].weight, expected, atol=1e-6)


def test_the_base_stays_to_the_bit_while_adapters_train():
    net, before = model(), model().state_dict()
    made = recipe(strategy=strategy("lora", targets="linear", lr=1e-2, head_lr=1e-2), epochs=12)
    last = list(fit(net, feeds(), made))[-1]
    assert isinstance(last, Finished) and last.val_accuracy > 0.9
    after = {name.replace(".base_layer", ""): value for name, value in net.state_dict().items()}
    assert all(torch.equal(after[name], before[name]) for name in before if name.startswith("backbone."))
    assert any(after[name.removesuffix("")].abs().sum() > 0 for name in after if "lora_B" in name)


def test_adapters_are_swapped_over_one_base():
    net = model()
    attach(net, LoraSettings(targets="linear"))
    x, net = feeds().raw("val").batches(8), net.eval()
    x = next(iter(x))[0]
    first = adapter_state(net)
    plain = net(x)
    stirred(net)
    second, moved = adapter_state(net), net(x)
    load_adapter_state(net, first)
    assert torch.equal(net(x), plain)
    load_adapter_state(net, second)
    assert torch.equal(net(x), moved)


def test_files_go_back_and_to_peft(tmp_path):
    from peft import PeftModel

    net, x = whole("minilm"), inputs("minilm")
    attach(net, LoraSettings(dora=True))
    stirred(net)
    save_adapter(net, tmp_path, ["a", "b", "c"])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "head.safetensors",
    ]
    again = whole("minilm")
    attach(again, LoraSettings(dora=True))
    load_adapter(again, tmp_path)
    with torch.inference_mode():
        assert torch.equal(again(x), net(x))
        theirs = PeftModel.from_pretrained(whole("minilm").backbone, str(tmp_path)).eval()
        assert torch.allclose(theirs(x), net.features(x), atol=1e-6)


def test_what_does_not_fit_is_refused(tmp_path):
    net = model()
    attach(net, LoraSettings(targets="linear", rank=2))
    other = model()
    attach(other, LoraSettings(targets="linear", rank=3))
    with pytest.raises(WeightsError, match=r"lora_A.weight has \(3, \d+\) in the file and \(2, \d+\) in the model"):
        load_adapter_state(net, adapter_state(other))
    with pytest.raises(WeightsError, match="cannot be loaded"):
        load_adapter(net, tmp_path)
    with pytest.raises(RecipeError, match="has adapters already"):
        attach(net, LoraSettings())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rank": 0}, "from 1 to 1,024; got 0"),
        ({"alpha": 0}, "above 0; got 0"),
        ({"dropout": 1.0}, r"lies in \[0, 1\); got 1.0"),
        ({"targets": " "}, "needs a target: auto, attention, linear, convolution"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        LoraSettings(**settings)


class Grouped(nn.Module):
    def __init__(self):
        super().__init__()
        self.depthwise, self.pointwise = nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 8, 1)


def test_targets():
    assert target_modules(Grouped(), "auto") == ("pointwise",)
    with pytest.raises(RecipeError, match="depthwise is a Conv2d that cannot have"):
        target_modules(Grouped(), "depthwise")
    with pytest.raises(RecipeError, match="'nowhere'. Those that can have one end in: pointwise"):
        target_modules(Grouped(), "nowhere")
    assert set(TARGETS) == {"auto", "attention", "linear", "convolution"}


def bert(kind="BertModel", **settings):
    import transformers

    configs = {"BertModel": "BertConfig", "DistilBertModel": "DistilBertConfig", "GPT2Model": "GPT2Config"}
    with torch.device("meta"):
        return getattr(transformers, kind)(getattr(transformers, configs[kind])(**settings))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("BertModel", 24), ("DistilBertModel", 12), ("GPT2Model", 12)],
)
def test_query_and_value_of_transformers(kind, expected):
    assert len(target_modules(bert(kind), "auto")) == expected


def test_counts_of_the_paper():
    """BERT-base, query and value, r = 8: 12 layers x 2 x 8 x (768 + 768) = 294,912. ViT-B/16 r = 16: 589,824."""
    net = TransferModel(bert(), nn.Linear(1, 1), ())
    attach(net, LoraSettings(rank=8))
    assert sum(net.get_parameter(name).numel() for name in adapter_parameters(net)) == 294_912
    wide = TransferModel(bert(hidden_size=768), nn.Linear(1, 1), ())  # the widths of ViT-B/16
    attach(wide, LoraSettings(rank=16))
    assert sum(wide.get_parameter(name).numel() for name in adapter_parameters(wide)) == 589_824


@pytest.mark.parametrize(("side", "expected"), [(4096, 65_536), (512, 8_192)])
def test_counts_of_one_layer(side, expected):
    with torch.device("meta"):
        net = TransferModel(nn.Sequential(nn.Linear(side, side)), nn.Linear(1, 1), ())
    attach(net, LoraSettings(rank=8, targets="linear"))
    assert sum(net.get_parameter(name).numel() for name in adapter_parameters(net)) == expected


def vit():
    from torchvision.models import VisionTransformer

    return VisionTransformer(image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32)


def swin():
    from torchvision.models import SwinTransformer

    sizes = {"patch_size": [4, 4], "embed_dim": 16, "depths": [2, 2], "num_heads": [2, 2], "window_size": [4, 4]}
    return SwinTransformer(**sizes)


@pytest.mark.parametrize("make", [vit, swin])
@pytest.mark.parametrize("targets", ["auto", "linear"])
def test_every_adapter_learns(make, targets):
    """torchvision's attention reads weights without calling their layers, which would leave adapters there idle."""
    torch.manual_seed(0)
    net = TransferModel(make(), nn.Linear(1000, 2), ()).eval()
    nn.init.normal_((net.backbone.heads if make is vit else net.backbone).head.weight)  # the ViT's own is zero
    attach(net, LoraSettings(targets=targets, rank=1))
    stirred(net)
    net(torch.randn(1, 3, 32, 32)).sum().backward()
    grads = {name: net.get_parameter(name).grad for name in adapter_parameters(net)}
    assert grads and not [name for name, grad in grads.items() if grad is None or not grad.any()]


def test_what_reads_its_layers_without_calling_them_is_named():
    with pytest.raises(RecipeError, match="qkv is a Linear that cannot have"):
        attach(TransferModel(swin(), nn.Linear(1000, 2), ()), LoraSettings(targets="qkv"))


def test_the_file_is_as_large_as_the_calculator_says(tmp_path):
    from tlcore.adapters.counting import count
    from tlcore.adapters.describing import describe_backbone

    net, settings = whole("minilm"), LoraSettings(rank=8, dora=True)
    attach(net, settings)
    save_adapter(net, tmp_path, ["a", "b", "c"])
    said = count(describe_backbone(backbone("minilm")), settings)
    header = (tmp_path / "adapter_model.safetensors").stat().st_size - said.file_bytes("float32")
    assert 0 < header < 200 * len(adapter_parameters(net))
    assert said.adapters == sum(net.get_parameter(name).numel() for name in adapter_parameters(net))
