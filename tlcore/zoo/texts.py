"""The text networks that everybody knows by name. Their weights come from Hugging Face, or from whoever has them."""

from __future__ import annotations

from tlcore.zoo.backbone import Backbone
from tlcore.zoo.registry import register

__all__: list[str] = []

_LAYER = 7_087_872
"""Parameters of a transformer layer 768 wide."""


@register
def bert_base_uncased() -> Backbone:
    """https://arxiv.org/abs/1810.04805"""
    return Backbone(
        name="bert-base-uncased",
        title="BERT base, uncased",
        modality="text",
        source="transformers",
        architecture="BertModel",
        hub_id="google-bert/bert-base-uncased",
        family="BERT",
        n_params=108_891_648,
        n_params_published=109_482_240,
        file_size=440_449_768,
        recipe="https://huggingface.co/google-bert/bert-base-uncased",
        n_features=768,
        stages=("embeddings", *(f"encoder.layer.{i}" for i in range(12))),
        stage_params=(23_837_184, *(_LAYER for _ in range(12))),
        max_tokens=512,
        depth=12,
        tokens=("input_ids", "token_type_ids", "attention_mask"),
        pooling="first",
        licence="Apache-2.0",
        summary="The classic for English texts; fine-tune it, for frozen its features say little.",
    )


@register
def distilbert_base_uncased() -> Backbone:
    """https://arxiv.org/abs/1910.01108"""
    return Backbone(
        name="distilbert-base-uncased",
        title="DistilBERT base, uncased",
        modality="text",
        source="transformers",
        architecture="DistilBertModel",
        hub_id="distilbert/distilbert-base-uncased",
        family="BERT",
        n_params=66_362_880,
        n_params_published=66_362_880,
        file_size=267_954_768,
        recipe="https://huggingface.co/distilbert/distilbert-base-uncased",
        n_features=768,
        stages=("embeddings", *(f"transformer.layer.{i}" for i in range(6))),
        stage_params=(23_835_648, *(_LAYER for _ in range(6))),
        max_tokens=512,
        depth=6,
        tokens=("input_ids", "attention_mask"),
        pooling="first",
        licence="Apache-2.0",
        summary="BERT in half the layers: nearly its accuracy in half the time.",
    )


@register
def roberta_base() -> Backbone:
    """https://arxiv.org/abs/1907.11692, with 514 positions, which count from 2."""
    return Backbone(
        name="roberta-base",
        title="RoBERTa base",
        modality="text",
        source="transformers",
        architecture="RobertaModel",
        config={
            "vocab_size": 50_265,
            "max_position_embeddings": 514,
            "type_vocab_size": 1,
            "layer_norm_eps": 1e-5,
            "pad_token_id": 1,
            "bos_token_id": 0,
            "eos_token_id": 2,
        },
        hub_id="FacebookAI/roberta-base",
        family="RoBERTa",
        n_params=124_055_040,
        n_params_published=124_645_632,
        file_size=498_818_054,
        recipe="https://huggingface.co/FacebookAI/roberta-base",
        n_features=768,
        stages=("embeddings", *(f"encoder.layer.{i}" for i in range(12))),
        stage_params=(39_000_576, *(_LAYER for _ in range(12))),
        max_tokens=512,
        depth=12,
        tokens=("input_ids", "attention_mask"),
        pooling="first",
        licence="MIT",
        summary="BERT trained longer on ten times the text: usually the most accurate of this size for English.",
    )


@register
def albert_base_v2() -> Backbone:
    """https://arxiv.org/abs/1909.11942; its twelve layers are one, passed twelve times."""
    return Backbone(
        name="albert-base-v2",
        title="ALBERT base, v2",
        modality="text",
        source="transformers",
        architecture="AlbertModel",
        config={
            "hidden_size": 768,
            "num_attention_heads": 12,
            "intermediate_size": 3072,
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
        },
        hub_id="albert/albert-base-v2",
        family="ALBERT",
        n_params=11_092_992,
        n_params_published=11_683_584,
        file_size=47_372_894,
        recipe="https://huggingface.co/albert/albert-base-v2",
        n_features=768,
        stages=("embeddings", "encoder.embedding_hidden_mapping_in", "encoder.albert_layer_groups.0"),
        stage_params=(3_906_048, 99_072, _LAYER),
        max_tokens=512,
        depth=12,
        tokens=("input_ids", "token_type_ids", "attention_mask"),
        pooling="first",
        licence="Apache-2.0",
        summary="Twelve layers that share their weights: a small file, but as slow as BERT.",
    )


@register
def gpt2() -> Backbone:
    """https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf"""
    return Backbone(
        name="gpt2",
        title="GPT-2 small",
        modality="text",
        source="transformers",
        architecture="GPT2Model",
        config={"use_cache": False},
        hub_id="openai-community/gpt2",
        family="GPT-2",
        n_params=124_439_808,
        n_params_published=124_439_808,
        file_size=548_105_171,
        recipe="https://huggingface.co/openai-community/gpt2",
        n_features=768,
        stages=("wte|wpe", *(f"h.{i}" for i in range(11)), "h.11|ln_f"),
        stage_params=(39_383_808, *(_LAYER for _ in range(11)), _LAYER + 1536),
        max_tokens=1024,
        depth=12,
        tokens=("input_ids", "attention_mask"),
        pooling="last",
        licence="MIT",
        summary="Reads left to right, made to write; for classes it needs fine-tuning, and encoders do better.",
    )
