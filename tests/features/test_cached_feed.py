"""Embed once: each sample passes the backbone one time, however often and in whatever order it is asked for."""

import multiprocessing
import threading

import numpy as np
import pytest
import torch

from tlcore.features.cached import CachedFeed, EmbeddingClock, MixedFeed
from tlcore.features.store import Features, FeatureStore
from tlcore.shelf import Shelf

KEY = {"content": "c", "backbone": "b", "inputs": "i", "precision": "float32"}
N, D = 40, 3


class Reader:
    """Samples are numbers; the input is a column of them."""

    fingerprint = "numbers"

    def __init__(self, window=1):
        self.window = window

    def prepare(self, sample):
        return sample

    def collate(self, prepared):
        return torch.tensor(prepared, dtype=torch.float32).unsqueeze(1)

    def length(self, prepared):
        return prepared


class Backbone:
    """Remembers what passed through it."""

    def __init__(self):
        self.seen = []

    def __call__(self, x):
        self.seen.append(x[:, 0].int().tolist())
        return x * torch.tensor([1.0, 10.0, 100.0])


def feed(store, backbone, rows=None, window=1):
    rows = np.arange(N) if rows is None else rows
    table = store.table(KEY, N, D)
    return CachedFeed(
        lambda some: [int(row) for row in some],
        Reader(window),
        rows,
        torch.from_numpy(rows) % 2,
        table,
        backbone,
        EmbeddingClock(),
    )


def flat(lists):
    return [number for numbers in lists for number in numbers]


@pytest.fixture
def store(tmp_path):
    return FeatureStore(Shelf(tmp_path / "features", limit=10**9))


def test_values_and_labels_follow_the_order(store):
    order = torch.randperm(N)
    batches = list(feed(store, Backbone()).batches(16, order))
    assert [len(y) for _, y in batches] == [16, 16, 8]
    assert torch.equal(torch.cat([x for x, _ in batches])[:, 1], order * 10.0)
    assert torch.equal(torch.cat([y for _, y in batches]), order % 2)


def test_one_pass_however_many_epochs(store):
    backbone = Backbone()
    for _ in range(3):
        list(feed(store, backbone).batches(16, torch.randperm(N)))
    assert sorted(flat(backbone.seen)) == list(range(N))


def test_an_interrupted_pass_goes_on_where_it_was(store):
    first, second = Backbone(), Backbone()
    batches = feed(store, first).batches(8)
    next(batches), next(batches)
    batches.close()
    list(feed(store, second).batches(8))
    assert flat(first.seen) == list(range(16))
    assert flat(second.seen) == list(range(16, N))


def test_a_batch_that_fails_leaves_no_half_written_row(store):
    def failing(x):
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        list(feed(store, failing).batches(8))
    backbone = Backbone()
    list(feed(store, backbone).batches(8))
    assert sorted(flat(backbone.seen)) == list(range(N))


def test_samples_of_like_length_share_a_batch_within_the_window(store):
    backbone = Backbone()
    rows = np.random.default_rng(0).permutation(N)
    x, _ = next(feed(store, backbone, rows, window=N).batches(8))
    assert x[:, 0].tolist() == rows[:8].tolist()
    assert flat(backbone.seen) == sorted(rows.tolist())


def test_another_key_is_another_table(store):
    list(feed(store, Backbone()).batches(8))
    other = store.table(KEY | {"precision": "float16"}, N, D)
    assert len(other.missing(np.arange(N))) == N


def _embed_all(folder, order, results):
    backbone = Backbone()
    list(feed(FeatureStore(Shelf(folder, limit=10**9)), backbone).batches(4, order))
    results.put(flat(backbone.seen))


def test_two_processes_that_start_together_share_the_work(tmp_path):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    orders = [torch.arange(N), torch.arange(N).flip(0)]
    workers = [context.Process(target=_embed_all, args=(tmp_path / "f", order, results)) for order in orders]
    for worker in workers:
        worker.start()
    seen = [results.get(timeout=20) for _ in workers]
    for worker in workers:
        worker.join()
    assert sorted(seen[0] + seen[1]) == list(range(N))


def test_threads_making_the_same_table_agree(store):
    tables = []
    threads = [threading.Thread(target=lambda: tables.append(store.table(KEY, N, D))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({table.folder for table in tables}) == 1
    assert [item.folder for item in store.shelf.items()] == [tables[0].folder]


def test_who_waited_for_another_process_finds_its_rows_there(store, monkeypatch):
    quicker, slower, real, came = Backbone(), Backbone(), Features.computing, []

    def computing(table):
        if not came:
            came.append(table)
            list(feed(store, quicker).batches(N))
        return real(table)

    monkeypatch.setattr(Features, "computing", computing)
    ((x, _),) = feed(store, slower).batches(N)
    assert x[:, 0].tolist() == list(range(N))
    assert len(flat(quicker.seen)) == N and not slower.seen


def views(store, backbone, n):
    """The plain view and `n` others, each of which adds 1000 to what the backbone sees."""
    made = []
    for number in range(n + 1):
        table = store.table(KEY | {"view": str(number)}, N, D)
        read = lambda some, number=number: [int(row) + 1000 * number for row in some]  # noqa: E731
        rows, labels = np.arange(N), torch.arange(N) % 2
        made.append(CachedFeed(read, Reader(), rows, labels, table, backbone, EmbeddingClock()))
    return made


def test_each_epoch_draws_one_view_of_each_sample(store):
    backbone = Backbone()
    mixed = MixedFeed(views(store, backbone, 2), seed=0)
    drawn = []
    for epoch in range(12):
        order = torch.randperm(N)
        batches = list(mixed.batches(16, order, epoch))
        seen = torch.cat([x for x, _ in batches])[:, 0].long()
        assert torch.equal(seen % 1000, order)
        assert torch.equal(torch.cat([y for _, y in batches]), order % 2)
        drawn += (seen // 1000).tolist()
    assert {view: drawn.count(view) > 12 * N / 4 for view in (0, 1, 2)} == {0: True, 1: True, 2: True}
    passed = flat(backbone.seen)
    assert len(passed) == len(set(passed)) <= 3 * N
