"""What stays on the device is what was read, and no more than there is room for."""

import pytest
import torch

from tlcore.features.feeds import chunks
from tlcore.features.resident import ResidentFeed

N, CPU = 11, torch.device("cpu")


class Counting:
    """A feed that counts how many samples it read."""

    def __init__(self, texts=False):
        self.labels, self.read, self.texts = torch.arange(N) % 2, 0, texts

    def __len__(self):
        return N

    def batches(self, size, order=None, epoch=0):
        for some in chunks(N, size, order):
            self.read += len(some)
            x = some[:, None].float() * torch.ones(1, 4)
            yield ({"ids": x} if self.texts else x), self.labels[some]


def passed(feed, size, order=None):
    return [(x.tolist(), y.tolist()) for x, y in feed.batches(size, order, 1)]


def test_each_sample_is_read_once_and_every_pass_is_the_feed_s_own():
    source = Counting()
    held = ResidentFeed(source, CPU, limit=10**6)
    for size in (4, 4, 3):
        order = torch.randperm(N)
        assert passed(held, size, order) == passed(Counting(), size, order)
    assert passed(held, 4) == passed(Counting(), 4)
    assert source.read == N and len(held) == N and torch.equal(held.labels, source.labels)


def test_what_a_pass_left_out_is_read_when_it_comes_up():
    source = Counting()
    held = ResidentFeed(source, CPU, limit=10**6)
    some, others = torch.arange(6), torch.arange(4, N)
    passed(held, 3, some)
    assert passed(held, 3, some) == passed(Counting(), 3, some) and source.read == 6
    assert passed(held, 3, others) == passed(Counting(), 3, others) and source.read == 6 + 7
    assert passed(held, 5) == passed(Counting(), 5) and source.read == 13


@pytest.mark.parametrize(("texts", "limit"), [(True, 10**6), (False, N * 16 - 1)])
def test_texts_and_what_is_too_large_are_read_each_time(texts, limit):
    source = Counting(texts)
    held = ResidentFeed(source, CPU, limit=limit)
    for _ in range(2):
        assert sum(len(y) for _, y in held.batches(4)) == N
    assert source.read == 2 * N


def test_what_is_handed_out_can_be_changed_without_harm():
    held = ResidentFeed(Counting(), CPU, limit=10**6)
    passed(held, 4)
    x, _ = next(iter(held.batches(4)))
    x.zero_()
    assert passed(held, 4) == passed(Counting(), 4)
