"""What is posted when a run ends, and that no server can make trouble with it."""

import logging
import threading
import time

import pytest

from tests.runs.listening import listening
from tests.runs.test_store import add
from tlcore.errors import RunError
from tlcore.runs import webhook
from tlcore.runs.store import Store


@pytest.fixture
def run(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'test.db'}")
    add(store)
    store.update("r1", status="running", started=time.time() - 90, val_accuracy=0.9, test_accuracy=0.875)
    store.end("r1", "finished", "Epoch 2 was best on val and is kept.")
    return store.run("r1")


def test_the_document_says_what_ended_and_how(run):
    told = webhook.payload(run, studio_url="https://studio.example/")
    assert told["seconds"] == pytest.approx(90, abs=5)
    assert told["url"] == "https://studio.example/train?run=r1"
    expected = {
        "event": "run.finished",
        "run": "r1",
        "name": "a run",
        "user": "ada",
        "status": "finished",
        "reason": "Epoch 2 was best on val and is kept.",
        "dataset": "cats",
        "backbone": "efficientnet_lite0",
        "strategy": "feature_extraction",
        "val_accuracy": 0.9,
        "test_accuracy": 0.875,
    }
    assert {key: told[key] for key in expected} == expected
    assert "url" not in webhook.payload(run)


def test_a_server_that_fails_once_is_asked_again_and_then_left(run):
    told = webhook.payload(run)
    with listening(statuses=[503]) as server:
        assert webhook.post(server.url, told, pause=0)
        assert server.came == [told, told]
    with listening(statuses=[500, 500, 500]) as server:
        assert not webhook.post(server.url, told, pause=0)
        assert len(server.came) == 2


def test_servers_that_hang_refuse_or_lead_elsewhere_cost_a_moment_and_their_secret_is_not_logged(run, caplog):
    told = webhook.payload(run)
    caplog.set_level(logging.WARNING)
    with listening(hold=threading.Event()) as server:
        begun = time.monotonic()
        assert not webhook.post(server.url, told, timeout=0.1, pause=0)
        assert time.monotonic() - begun < 5 and len(server.came) == 2
    assert not webhook.post(server.url, told, timeout=0.1, pause=0), "it is gone now"
    with listening() as target, listening(statuses=[302, 302], location=target.url) as server:
        assert not webhook.post(server.url, told, pause=0)
        assert not target.came
    assert len(caplog.records) == 6 and "hook" not in caplog.text.replace("webhook", "")


@pytest.mark.parametrize("address", ["ftp://host/x", "file:///etc/passwd", "example.com/hook", "https://"])
def test_only_http_addresses_are_posted_to(address):
    with pytest.raises(RunError, match="TLSTUDIO_WEBHOOK must be an http or https address"):
        webhook.checked(address)
