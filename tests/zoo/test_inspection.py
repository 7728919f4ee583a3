"""What a network is made of, against figures known from elsewhere, and without weights."""

import pytest
from torch import nn

from tlcore.zoo import backbone, resolve
from tlcore.zoo.inspection import inspect

UNLIKE = (
    "efficientnet_lite0",
    "minilm",
    "gpt2",
    "densenet121",
    "googlenet",
    "inception_v3",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "squeezenet1_1",
    "swin_t",
)
"""Networks of unlike build."""


@pytest.fixture(scope="module", params=UNLIKE)
def record(request):
    return backbone(request.param)


@pytest.fixture(scope="module")
def found(record):
    return inspect(record)


def test_every_part_is_the_sum_of_those_in_it(found):
    paths = [part.path for part in found.parts]
    assert paths[0] == "" and len(set(paths)) == len(paths)
    for part in found.parts:
        inside = [other.n_params for other in found.parts[1:] if other.parent == part.path]
        assert not inside or sum(inside) == part.n_params, part
    assert all(part.parent in paths for part in found.parts)


def test_the_stages_are_the_record_s(record, found):
    assert tuple(stage.name for stage in found.stages) == record.stages
    assert tuple(stage.n_params for stage in found.stages) == record.stage_params
    assert sum(stage.n_batch_norms for stage in found.stages) == record.n_batch_norms
    assert sum(stage.batch_norm_params for stage in found.stages) == sum(record.batch_norm_params)


def test_a_head_reads_what_the_classifier_read(record, found):
    if record.source == "transformers":
        assert found.classifier is None and found.n_params == record.n_params
    else:
        assert found.classifier.in_features == record.n_features
        assert record.n_params + found.classifier.n_params + found.auxiliary == found.n_params
        assert found.stages[-1].output
    assert (found.auxiliary > 0) == (record.name in ("googlenet", "inception_v3"))


def test_resnet_50():
    found = inspect(backbone("resnet50"))
    assert (found.kind, found.n_params) == ("ResNet", 25_557_032)
    last = found.classifier
    assert (last.path, last.kind, last.in_features, last.n_classes, last.n_params) == (
        "fc",
        "Linear",
        2048,
        1000,
        2_049_000,
    )
    assert [stage.output for stage in found.stages] == [
        (64, 112, 112),
        (256, 56, 56),
        (512, 28, 28),
        (1024, 14, 14),
        (2048, 7, 7),
    ]
    assert sum(stage.n_batch_norms for stage in found.stages) == 53
    assert sum(stage.batch_norm_params for stage in found.stages) == 53_120
    blocks = [part for part in found.parts if part.parent == "layer3"]
    assert [part.path for part in blocks] == [f"layer3.{i}" for i in range(6)]
    assert {part.kind for part in blocks} == {"Bottleneck"}


def test_vgg_16_has_its_head_deep_in_its_classifier():
    found = inspect(backbone("vgg16"))
    assert found.n_params == 138_357_544
    assert (found.classifier.path, found.classifier.in_features) == ("classifier.6", 4096)
    assert next(part for part in found.parts if part.path == "classifier.0").n_params == 102_764_544


def test_parameters_of_a_module_with_children_are_a_part_of_their_own():
    found = inspect(backbone("vit_b_16"))
    own = {part.path: part.n_params for part in found.parts if part.kind == "parameters"}
    assert own == {"(own)": 768, "encoder.(own)": 197 * 768}


def test_a_module_that_only_wraps_another_gives_way_to_it():
    found = inspect(backbone("bert-base-uncased"))
    assert "encoder.layer" in {part.path for part in found.parts}
    assert "encoder" not in {part.path for part in found.parts}


def test_a_stage_around_the_head_has_the_shape_of_what_comes_before_it(home):
    found = inspect(resolve("convnext_atto", home))
    assert found.classifier.path == "head.fc" and "head" in found.stages[-1].name
    assert found.stages[-1].output == (320, 7, 7)


def test_parameters_under_two_names_count_once(home):
    record = resolve("coat_lite_tiny", home)
    found = inspect(record)
    assert found.n_params < record.n_params + found.classifier.n_params and found.auxiliary == 0


def test_no_weight_is_made(monkeypatch):
    """Its parameters would take half a gigabyte; on the meta device drawing them never happens."""
    drawn = []
    real = nn.Parameter.__new__

    def noted(kind, data=None, requires_grad=True):
        drawn.append(data.device.type)
        return real(kind, data, requires_grad)

    monkeypatch.setattr(nn.Parameter, "__new__", noted)
    inspect(backbone("vgg16"))
    assert drawn and set(drawn) == {"meta"}
