"""Public datasets as jobs: fetched, cancelled, and failed with a sentence."""

import pytest
from torchvision import datasets

from tests.runs.test_jobs import answered
from tlcore.runs import jobs


@pytest.fixture
def quiet(monkeypatch):
    """Nobody starts what is asked."""
    monkeypatch.setattr("tlcore.runs.launcher.ring", lambda home: None)


def test_no_network_is_a_sentence_and_the_lane_is_the_network_s(home, quiet, monkeypatch):
    monkeypatch.setattr(datasets.CIFAR10, "url", "http://127.0.0.1:9/cifar.tar.gz")
    _, after = answered(home, "public", {"name": "cifar10"})
    assert after.status == "failed" and "is there a network? Try again with one" in after.words
    assert jobs.lane(jobs.place(home, "public", {"name": "cifar10"})) == "network"


def test_a_cancelled_one_is_dropped(home, quiet):
    jobs.ask(home, "public", {"name": "cifar10"})
    (folder,) = jobs.waiting(home)
    jobs.cancel(home, "public", {"name": "cifar10"})
    assert jobs.work(home, folder) == 0
    assert jobs.look(home, "public", {"name": "cifar10"}).status == "new" and not (home / "datasets").exists()
