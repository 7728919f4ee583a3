"""Telling another program that a run ended: a small JSON document is posted to an address of the user's."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tlcore.errors import RunError
from tlcore.runs.records import Run

__all__ = ["checked", "payload", "post"]

TIMEOUT_SECONDS = 5.0
TRIES = 2
PAUSE_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


class _Stay(HTTPRedirectHandler):
    """Follow no redirect: it could lead to another scheme or host than the one that was named."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def checked(address: str) -> str:
    """The address, if it can be posted to.

    Raises:
        RunError: it is no http or https address.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = parts.scheme or address[:20]
        raise RunError(f"TLSTUDIO_WEBHOOK must be an http or https address, but begins with {shown!r}.")
    return address


def payload(run: Run, *, studio_url: str = "") -> dict[str, Any]:
    """What is posted when a run ended; `url` leads to its page where the studio's own address is known."""
    told = {
        "event": f"run.{run.status}",
        "run": run.id,
        "name": run.name,
        "user": run.user,
        "status": run.status,
        "reason": run.reason,
        "dataset": run.dataset_name,
        "backbone": run.backbone,
        "strategy": run.strategy,
        "val_accuracy": run.val_accuracy,
        "test_accuracy": run.test_accuracy,
        "seconds": round(run.seconds(run.finished or time.time()), 3),
    }
    return told | ({"url": f"{studio_url.rstrip('/')}/train?run={run.id}"} if studio_url else {})


def post(
    address: str, told: Mapping[str, Any], *, timeout: float = TIMEOUT_SECONDS, pause: float = PAUSE_SECONDS
) -> bool:
    """Post it, a second time if the first fails; what goes wrong is only logged. Returns whether it was taken.

    Args:
        timeout: Seconds that each try may wait for an answer.
        pause: Seconds between the tries.
    """
    body = json.dumps(told).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "tlstudio"}
    for number in range(1, TRIES + 1):
        try:
            with build_opener(_Stay).open(Request(address, body, headers, method="POST"), timeout=timeout):
                return True
        except HTTPError as error:
            error.close()
            _LOG.warning("webhook, try %d: %s answered with status %d", number, _host(address), error.code)
        except (OSError, ValueError) as error:  # an answer that is no HTTP is a ValueError or an OSError
            _LOG.warning("webhook, try %d: %s did not answer: %s", number, _host(address), error)
        except Exception:  # nothing about a webhook may reach a run
            _LOG.exception("webhook, try %d", number)
        if number < TRIES:
            time.sleep(pause)
    return False


def _host(address: str) -> str:
    """Without its path and query, which often are a secret."""
    return urlsplit(address).hostname or "it"
