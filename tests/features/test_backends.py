"""ONNX Runtime computes what PyTorch computes, or is not used."""

import shutil
import time

import pytest
import torch

from tlcore.features.backends import MAX_DIFFERENCE, Fastest, relative_difference
from tlcore.features.export import export
from tlcore.features.inputs import batch, reader
from tlcore.zoo import backbone
from tlcore.zoo.model import load_backbone

TEXTS = ["a text", "another text that is longer than the first one", "and a third"]

PACKAGED = [backbone("efficientnet_lite0"), backbone("minilm")]


@pytest.fixture(scope="module", params=PACKAGED, ids=lambda record: record.name)
def record(request):
    return request.param


@pytest.fixture(scope="module")
def graph(record, tmp_path_factory):
    path = tmp_path_factory.mktemp("graphs") / f"{record.name}.onnx"
    export(record, path)
    return path


def some(record, n=3):
    if record.modality == "text":
        return batch(reader(record), TEXTS[:n])
    return torch.randn(n, 3, record.input_size, record.input_size, generator=torch.Generator().manual_seed(0))


def fastest(record, graph, reference, tmp_path):
    """A `Fastest` that finds the graph where it would have exported it."""
    notes = []
    made = Fastest(reference, record, tmp_path, tell=notes.append, left=lambda: 0)
    made.graph.parent.mkdir()
    shutil.copy(graph, made.graph)
    return made, notes


def test_both_backends_agree_at_any_batch_size(record, graph, tmp_path):
    module = load_backbone(record)
    with torch.inference_mode():
        embed, notes = fastest(record, graph, module, tmp_path)
        for n in (3, 1, 2):
            x = some(record, n)
            assert relative_difference(embed(x), module(x)) < 1e-4 < MAX_DIFFERENCE
    assert len(notes) == 1 and "on a trial batch" in notes[0]


def test_a_graph_that_says_something_else_is_not_used(record, graph, tmp_path):
    with torch.inference_mode():
        module = load_backbone(record)
        embed, notes = fastest(record, graph, lambda x: module(x) * 1.01, tmp_path)
        x = some(record)
        assert relative_difference(embed(x), module(x) * 1.01) < 1e-6
    assert "differ from PyTorch's by 9.9e-03" in notes[0]


def test_a_broken_graph_is_not_used(record, tmp_path):
    notes = []
    embed = Fastest(lambda x: torch.ones(3, 2), record, tmp_path, tell=notes.append, left=lambda: 0)
    embed.graph.parent.mkdir()
    embed.graph.write_bytes(b"not a graph")
    assert embed(some(record)).tolist() == torch.ones(3, 2).tolist()
    assert "cannot run" in notes[0]


def test_little_work_starts_no_export(record, tmp_path):
    embed = Fastest(lambda x: torch.ones(3, 2), record, tmp_path, tell=print, left=lambda: 100)
    embed(some(record))
    assert list(tmp_path.iterdir()) == []


def test_much_work_starts_an_export_and_then_uses_it(record, tmp_path):
    module = load_backbone(record)
    notes = []
    with torch.inference_mode():
        embed = Fastest(module, record, tmp_path, tell=notes.append, left=lambda: 10**9)
        deadline = time.monotonic() + 250
        while not notes:
            embed(some(record))
            time.sleep(0.2)
            assert time.monotonic() < deadline
    assert "on a trial batch" in notes[0]
