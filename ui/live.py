"""The live channel: what is new of a run, made once for all who watch it, and fetched by their browsers each second.

Drawing a page's part anew costs the server some 30 ms for each tab and second, and a training on the same processors
pays for it. An answer that is kept costs less than one.
"""

from __future__ import annotations

import gzip
import json
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tlcore.errors import RunError
from ui.live_plot import base
from ui.progress import progress
from ui.sight import Sight, look
from ui.signing import sign, signed
from ui.train_charts import charts
from ui.train_view import View

__all__ = ["Feed", "address", "feed", "routes"]

KIND = "live"
FRESH_SECONDS = 0.2
"""A run is looked at no oftener than this, whoever asks."""
BEAT_SECONDS = 1.0
AFTER_SECONDS = 0.02
"""All tabs ask this long after the server's full second, so that one look serves them."""
SOONEST_SECONDS = 0.3
MOST_ANSWERS, MOST_RUNS = 64, 16
MOST_ZOOM = 2000
"""Characters."""
SQUEEZE = 3
"""Level of compression: half the time of the usual one for a few per cent more bytes."""
NEXT = "Next-Look"
"""Header: in how many milliseconds to ask again."""

Zoom = Mapping[str, tuple[float, float]]


def address(run_id: str, view: View) -> str:
    """Where what is new of a run in this view is handed out, below the server's own address."""
    spec = view.text()
    return f"/live/{run_id}?{urlencode({'spec': spec, 'sign': sign(KIND, run_id, spec)})}"


def feed(seen: Sight, view: View) -> dict[str, str]:
    """What a chart needs to grow by itself."""
    return {"run": seen.run.id, "address": f"{base()}{address(seen.run.id, view)}", "version": seen.version}


def routes() -> list[Route]:
    """For the server's application."""
    return [Route("/live/{run}", Feed().respond, methods=["GET"])]


@dataclass(slots=True)
class Feed:
    """Keeps the last looks and answers, both bounded."""

    looks: OrderedDict[str, tuple[float, str]] = field(default_factory=OrderedDict)
    """By run: when it was looked at, by the monotonic clock, and the version that was seen."""
    answers: OrderedDict[tuple[str, ...], tuple[str, bytes]] = field(default_factory=OrderedDict)
    """By run, view, zoom and brevity: the version, and its answer as compressed JSON."""
    lock: Lock = field(default_factory=Lock)
    """Held while one is made: who asks meanwhile gets the same."""

    async def respond(self, request: Request) -> Response:
        """What is new since `have`; 204 for nothing. A tab that nobody looks at asks in `brief`, without charts."""
        run_id, asked = str(request.path_params["run"]), request.query_params
        spec, zoom = asked.get("spec", ""), asked.get("zoom", "")
        if not signed(asked.get("sign", ""), KIND, run_id, spec):
            return PlainTextResponse("This address is not whole; open the run on the Train page.", status_code=403)
        if len(zoom) > MOST_ZOOM:
            return PlainTextResponse("No page looks at so many parts of its charts.", status_code=400)
        key = (run_id, spec, zoom, asked.get("brief", "")[:1])
        try:
            version, body = self._kept(key) or await to_thread.run_sync(self._made, key)
        except RunError as error:
            return PlainTextResponse(str(error), status_code=404)
        except ValueError:
            return PlainTextResponse("The zoom is not a range of steps for each chart.", status_code=400)
        headers = {"Cache-Control": "no-store", NEXT: f"{1000 * _wait(time.time()):.0f}"}
        if asked.get("have") == version:
            return Response(status_code=204, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(body, media_type="application/json", headers=headers)

    def _kept(self, key: tuple[str, ...]) -> tuple[str, bytes] | None:
        """The answer, if the run was looked at just now and the answer was made of that."""
        then, version = self.looks.get(key[0], (0.0, ""))
        found = self.answers.get(key)
        fresh = time.monotonic() - then < FRESH_SECONDS
        return found if fresh and found and found[0] == version else None

    def _made(self, key: tuple[str, ...]) -> tuple[str, bytes]:
        run_id, spec, zoom, brief = key
        shown = _zoom(zoom)
        with self.lock:
            if kept := self._kept(key):
                return kept
            seen = look(run_id)
            with seen.held.lock:
                found = self.answers.get(key)
                if found is None or found[0] != seen.version:
                    found = seen.version, _written(content(seen, None if brief else View.read(spec), shown))
                _put(self.looks, run_id, (time.monotonic(), found[0]), MOST_RUNS)
                _put(self.answers, key, found, MOST_ANSWERS)
        return found


def content(seen: Sight, view: View | None, shown: Zoom) -> dict[str, Any]:
    """All that moves on the page, as the browser draws it; without a view no charts."""
    return {
        "version": seen.version,
        "live": seen.run.live,
        "status": seen.run.status,
        "progress": progress(seen, time.time()),
        "charts": {chart.key: chart.data(shown.get(chart.key)) for chart in (charts(seen, view) if view else ())},
    }


def _written(said: Mapping[str, Any]) -> bytes:
    text = json.dumps(said, separators=(",", ":"), allow_nan=False)
    return gzip.compress(text.encode(), SQUEEZE, mtime=0)


def _zoom(text: str) -> Zoom:
    """The steps, from and to, by the chart's key.

    Raises:
        ValueError: it is something else.
    """
    try:
        return {key: (float(low), float(high)) for key, (low, high) in json.loads(text or "{}").items()}
    except (AttributeError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(text) from error


def _wait(now: float) -> float:
    """Seconds until all ask again."""
    left = BEAT_SECONDS - now % BEAT_SECONDS + AFTER_SECONDS
    return left if left >= SOONEST_SECONDS else left + BEAT_SECONDS


def _put(kept: OrderedDict[Any, Any], key: object, value: object, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
