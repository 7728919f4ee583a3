"""Batches made ahead in processes of their own are the very batches of the feed they come from."""

import os

import numpy as np
import pytest
import torch

from tlcore.features.feeds import RawFeed
from tlcore.features.loading import LoadedFeed

N, SIZE = 23, 5


class Inputs:
    """Reads nothing but numbers."""

    def collate(self, samples):
        return torch.tensor(samples, dtype=torch.float32)


def feed():
    """What a sample reads as tells its row, the epoch, and the process that read it."""
    return RawFeed(lambda rows, epoch: [(int(row), epoch, os.getpid()) for row in rows], Inputs(), ROWS, LABELS)


ROWS, LABELS = np.arange(100, 100 + N), torch.arange(N) % 3


def taken(batches):
    return [(x[:, :2].tolist(), y.tolist()) for x, y in batches]


def readers(batches):
    return {int(pid) for x, _ in batches for pid in x[:, 2]}


@pytest.mark.parametrize("workers", [0, 2])
def test_each_pass_brings_the_same_batches_in_the_same_order(workers):
    ahead, plain = LoadedFeed(feed(), workers=workers), feed()
    for epoch in (1, 2):
        order = torch.randperm(N)
        assert taken(ahead.batches(SIZE, order, epoch)) == taken(plain.batches(SIZE, order, epoch))
    assert taken(ahead.batches(SIZE + 2)) == taken(plain.batches(SIZE + 2)), "another size, as the samples lie"
    assert len(ahead) == N and torch.equal(ahead.labels, LABELS)


def test_a_pass_that_was_given_up_leaves_nothing_behind():
    ahead, plain = LoadedFeed(feed(), workers=2), feed()
    first = ahead.batches(SIZE, torch.randperm(N), 1)
    next(first)
    first.close()
    rest = torch.randperm(N)[10:]
    assert taken(ahead.batches(SIZE, rest, 7)) == taken(plain.batches(SIZE, rest, 7))


def test_the_processes_stay_from_pass_to_pass_and_are_others_than_this_one():
    ahead = LoadedFeed(feed(), workers=2)
    first, second = readers(ahead.batches(SIZE)), readers(ahead.batches(SIZE))
    assert first == second and len(first) == 2 and os.getpid() not in first


def test_no_more_processes_than_batches():
    assert len(readers(LoadedFeed(feed(), workers=4).batches(N))) == 1
